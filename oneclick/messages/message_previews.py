"""Every message a customer may read, filled with sample facts for staff."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext, override

from common.web.placeholders import fill_placeholders, find_placeholders
from oneclick.messages.customer_messages import default_message, format_fact
from oneclick.messages.default_messages import CORRECTED_MESSAGES, DEFAULT_MESSAGES
from oneclick.messages.interface_messages import INTERFACE_MESSAGES, INTERFACE_TABLE
from oneclick.messages.locales import find_language, language_of_locale
from oneclick.messages.own_messages import find_own_message, get_own_messages
from oneclick.messages.questions import format_amount
from oneclick.models.settings import one_click_of
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.redemption.link_actions.link_action import Facts, Frequency, Price
from subscriptions import calendar
from subscriptions.models import Merchant

TABLE_TITLES = {
    **{row.name: row.label for row in LINK_ACTIONS.values()},
    "undo": "Undo",
    INTERFACE_TABLE: "Banner and pages",
}
ALL_MESSAGES: dict[str, Mapping[str, str]] = {**DEFAULT_MESSAGES, INTERFACE_TABLE: INTERFACE_MESSAGES}


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """A message as customers read it. `own` says that the wording is the merchant's; `kind` is the banner's."""

    table: str
    code: str
    text: str
    own: bool
    kind: str

    @property
    def name(self) -> str:
        return self.code.replace("_", " ").capitalize()


def preview_messages(merchant: Merchant, locale: str) -> Iterator[tuple[str, list[MessagePreview]]]:
    """Every message as customers read it in `locale`, in titled tables."""
    own, given = get_own_messages(merchant), sample_facts(merchant, locale)
    for table, texts in ALL_MESSAGES.items():
        rows = []
        for code in texts:
            mine = find_own_message(own, table, code, locale)
            text = fill_placeholders(mine or default_message_for(merchant, table, code, locale), given)
            rows.append(MessagePreview(table, code, text, bool(mine), banner_kind(table, code)))
        yield TABLE_TITLES[table], rows


def current_message(merchant: Merchant, table: str, code: str, locale: str) -> str:
    """The wording that customers read in `locale`, with its placeholders."""
    own = find_own_message(get_own_messages(merchant), table, code, locale)
    return own or default_message_for(merchant, table, code, locale)


def banner_kind(table: str, code: str) -> str:
    """The banner that shows the message: `success`, `error`, or `notice` for everything else."""
    if table == INTERFACE_TABLE:
        return "error" if code in ("network", "broken") else "notice"
    return "success" if code.startswith("success") or (table == "undo" and code in LINK_ACTIONS) else "error"


def default_message_for(merchant: Merchant, table: str, code: str, locale: str) -> str:
    """Our wording for `locale`; English where we have none for its language."""
    language = find_language(locale)
    if table == INTERFACE_TABLE:
        with override(language):
            return gettext(INTERFACE_MESSAGES[code])
    return default_message(table, code, language, corrected=one_click_of(merchant).corrected_delay_wording)


def sample_facts(merchant: Merchant, locale: str) -> dict[str, str]:
    """Sample facts by placeholder, as people write them in `locale`."""
    language = language_of_locale(locale)
    sample: Facts = {
        "product_name": "House blend",
        "price": Price(Decimal("12.50"), merchant.currency_code),
        "date": calendar.today(merchant.time_zone) + timedelta(days=14),
        "frequency_description": Frequency(2, calendar.Period.WEEKS),
        "days": format_amount(str(one_click_of(merchant).delay_days), "day", locale),
        "quantity": "1",
        "frequency": format_amount("2", "week", locale),
    }
    return {name: format_fact(fact, language) for name, fact in sample.items()}


def allowed_placeholders(table: str, code: str) -> set[str]:
    """The placeholders that a merchant's wording may use: those of our wording."""
    words = [ALL_MESSAGES[table][code], CORRECTED_MESSAGES.get(table, {}).get(code, "")]
    return {name for text in words for name in find_placeholders(text)}
