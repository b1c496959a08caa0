"""Customers' messages: the merchant's own wording or ours, in the customer's language, else the merchant's."""

from datetime import date
from functools import cache

from django.utils import formats
from django.utils.translation import gettext, override

from common.web.placeholders import fill_placeholders
from oneclick.messages.default_messages import CORRECTED_MESSAGES, DEFAULT_MESSAGES, FREQUENCIES
from oneclick.messages.locales import DEFAULT_LANGUAGE, LANGUAGES, language_of_locale, locale_fallbacks
from oneclick.messages.own_messages import get_own_messages
from oneclick.models.settings import one_click_of
from oneclick.redemption.link_actions.link_action import Fact, Facts, Frequency, Price
from subscriptions import calendar
from subscriptions.calendar import Period
from subscriptions.models import Merchant


def error_message(table: str, code: str, merchant: Merchant | None = None, locale: str = "") -> str:
    """The text for a refusal; a code missing from the table gets the table's `other`."""
    code = code if code in DEFAULT_MESSAGES[table] else "other"
    return _find_message(table, code, merchant, locale)[0]


def result_message(table: str, code: str, facts: Facts, merchant: Merchant, locale: str) -> str:
    """The text for a result, with `facts` such as product_name and date filled in."""
    text, language = _find_message(table, code, merchant, locale)
    return fill_placeholders(text, {name: format_fact(fact, language) for name, fact in facts.items()})


def format_fact(fact: Fact, language: str) -> str:
    """A fact as people write it in `language`."""
    if isinstance(fact, str):
        return fact
    with override(language):
        if isinstance(fact, Frequency):
            return str(FREQUENCIES[Period(fact.every_period)] % {"n": fact.every})
        if isinstance(fact, Price):
            amount = formats.number_format(fact.amount, 2, use_l10n=True, force_grouping=True)
            code = fact.currency_code
            return f"{code} {amount}" if language == DEFAULT_LANGUAGE else f"{amount} {code}"
        return calendar.human_date(fact) if language == DEFAULT_LANGUAGE else _format_local_date(fact, language)


def _format_local_date(day: date, language: str) -> str:
    text = formats.date_format(day, "DATE_FORMAT")
    # French uses an ordinal only for the first of a month, which Django's formats cannot express.
    return text.replace("1 ", "1er ", 1) if language == "fr" and day.day == 1 else text


@cache
def default_message(table: str, code: str, language: str, *, corrected: bool = False) -> str:
    """Our own wording in one of the languages, with its placeholders."""
    tables = CORRECTED_MESSAGES if corrected and code in CORRECTED_MESSAGES.get(table, {}) else DEFAULT_MESSAGES
    with override(language):
        return gettext(tables[table][code])


def _find_message(table: str, code: str, merchant: Merchant | None, locale: str) -> tuple[str, str]:
    """The text and its language."""
    if merchant is None:
        return DEFAULT_MESSAGES[table][code], DEFAULT_LANGUAGE
    own, corrected = get_own_messages(merchant), one_click_of(merchant).corrected_delay_wording
    for tag in locale_fallbacks(locale, merchant.locale):
        if text := own.get((tag, table, code)):
            return text, language_of_locale(tag)
        if tag in LANGUAGES:
            return default_message(table, code, tag, corrected=corrected), tag
    return default_message(table, code, DEFAULT_LANGUAGE, corrected=corrected), DEFAULT_LANGUAGE
