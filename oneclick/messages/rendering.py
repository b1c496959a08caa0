"""What a customer reads: the merchant's own wording or ours, in the customer's language, else the merchant's."""

from collections.abc import Iterator
from datetime import date
from functools import cache

from django.conf import settings
from django.core.cache import cache as shared
from django.utils import formats
from django.utils.translation import gettext, override

from oneclick.messages.default_messages import CORRECTED, FREQUENCIES, TEXTS
from oneclick.models import MessageText
from oneclick.redemption.link_actions.link_action import Facts, Frequency
from subscriptions import calendar
from subscriptions.calendar import Period
from subscriptions.models import Merchant

CACHE_SECONDS = 60
LANGUAGES = dict(settings.LANGUAGES)
OURS = "en"


def error(table: str, code: str, merchant: Merchant | None = None, locale: str = "") -> str:
    """The text for a refusal; a code the table does not name reads as its `other`."""
    code = code if code in TEXTS[table] else "other"
    return _worded(table, code, merchant, locale)[0]


def told(table: str, code: str, facts: Facts, merchant: Merchant, locale: str) -> str:
    """The text for what was done, with `facts` such as product_name and date filled in."""
    text, language = _worded(table, code, merchant, locale)
    for name, fact in facts.items():
        # Not str.format: a merchant's wording may hold any braces.
        text = text.replace("{" + name + "}", written(fact, language))
    return text


def written(fact: str | date | Frequency, language: str) -> str:
    """A fact as people write it in `language`."""
    if isinstance(fact, str):
        return fact
    with override(language):
        if isinstance(fact, Frequency):
            return str(FREQUENCIES[Period(fact.every_period)] % {"n": fact.every})
        return calendar.human_date(fact) if language == OURS else _local_date(fact, language)


def _local_date(day: date, language: str) -> str:
    text = formats.date_format(day, "DATE_FORMAT")
    # French has an ordinal for the first of a month alone, which Django's formats cannot say.
    return text.replace("1 ", "1er ", 1) if language == "fr" and day.day == 1 else text


@cache
def default_text(table: str, code: str, language: str, *, corrected: bool = False) -> str:
    """Our own wording in one of the languages, unfilled."""
    words = CORRECTED[table] if corrected and code in CORRECTED.get(table, {}) else TEXTS[table]
    with override(language):
        return gettext(words[code])


def own_texts(merchant: Merchant) -> dict[tuple[str, str, str], str]:
    """The merchant's own wording by locale, table and code; at most a minute old."""
    key = _key(merchant)
    return shared.get_or_set(key, lambda: _read(merchant), CACHE_SECONDS) or {}


def forget(merchant: Merchant) -> None:
    """Read the merchant's own wording anew; other processes do within the minute."""
    shared.delete(_key(merchant))


def languages(*locales: str) -> Iterator[str]:
    """Each locale and then its language: `es-us`, `es`."""
    for locale in locales:
        tag = locale.lower().replace("_", "-")
        yield tag
        yield language_of(tag)


def language_of(tag: str) -> str:
    return tag.partition("-")[0]


def _worded(table: str, code: str, merchant: Merchant | None, locale: str) -> tuple[str, str]:
    """The text, and the language it is in."""
    if merchant is None:
        return TEXTS[table][code], OURS
    own = own_texts(merchant)
    for tag in languages(locale, merchant.locale):
        if text := own.get((tag, table, code)):
            return text, language_of(tag)
        if tag in LANGUAGES:
            return default_text(table, code, tag, corrected=merchant.one_click.corrected_delay_wording), tag
    return default_text(table, code, OURS, corrected=merchant.one_click.corrected_delay_wording), OURS


def _key(merchant: Merchant) -> str:
    return f"one-click-texts:{merchant.pk}"


def _read(merchant: Merchant) -> dict[tuple[str, str, str], str]:
    rows = MessageText.objects.filter(merchant=merchant)
    return {(row.locale, row.table, row.code): row.text for row in rows}
