"""The question that a page asks before it acts."""

from collections.abc import Mapping

from django.utils.timesince import TIME_STRINGS
from django.utils.translation import override

from common.web.placeholders import fill_placeholders
from common.web.whole_numbers import parse_whole_number
from oneclick.messages.customer_messages import format_fact
from oneclick.messages.locales import find_language
from oneclick.models import OneClickSettings
from oneclick.models.settings import one_click_of
from oneclick.redemption.link_actions.link_action import Facts
from subscriptions.calendar import Period
from subscriptions.models import Merchant

UNITS = {Period.DAYS: "day", Period.WEEKS: "week", Period.MONTHS: "month", Period.YEARS: "year"}


def fill_question(
    merchant: Merchant | None, text: str, given: Mapping[str, str], locale: str, facts: Facts | None = None
) -> str:
    """`text`, filled with the link's parameters `given` (by API name) and `facts` as people write them in `locale`."""
    rules = one_click_of(merchant) if merchant else OneClickSettings()
    period = given.get("og_every_period", "")
    unit = UNITS.get(Period(int(period))) if period in {str(number.value) for number in Period} else None
    language = find_language(locale)
    # The script of a shop's page fills in the same values, except for `facts`, which only we know.
    values = {
        "product_name": given.get("og_product_id") or "–",
        "price": "–",
        **{name: format_fact(fact, language) for name, fact in (facts or {}).items()},
        "days": format_amount(given.get("days") or str(rules.delay_days), "day", locale),
        "quantity": given.get("og_quantity") or "1",
        "frequency": format_amount(given.get("og_every") or "1", unit, locale) if unit else "–",
    }
    return fill_placeholders(text, values)


def format_amount(count: str, unit: str, locale: str) -> str:
    """For example "2 weeks", in the language of `locale`; a count that is not a number stays as written."""
    number = parse_whole_number(count)
    if number is None:
        return count
    with override(locale.replace("_", "-").lower()):
        return str(TIME_STRINGS[unit] % {"num": number}).replace("\xa0", " ")
