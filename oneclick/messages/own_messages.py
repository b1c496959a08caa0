"""A merchant's own wording of messages, cached."""

from collections.abc import Mapping

from django.core.cache import cache

from oneclick.messages.locales import locale_fallbacks
from oneclick.models import MessageText
from subscriptions.models import Merchant

CACHE_SECONDS = 60
OwnMessages = Mapping[tuple[str, str, str], str]


def get_own_messages(merchant: Merchant) -> OwnMessages:
    """The merchant's own wording by locale, table and code; at most a minute old."""
    return cache.get_or_set(_cache_key(merchant), lambda: _load_own_messages(merchant), CACHE_SECONDS) or {}


def find_own_message(own: OwnMessages, table: str, code: str, locale: str) -> str:
    """The merchant's wording for `locale`, or for its language; empty where there is none."""
    return next((text for tag in locale_fallbacks(locale) if (text := own.get((tag, table, code)))), "")


def forget_own_messages(merchant: Merchant) -> None:
    """Drop the cached wording of this merchant; other processes with a cache of their own follow within a minute."""
    cache.delete(_cache_key(merchant))


def _cache_key(merchant: Merchant) -> str:
    return f"one-click-texts:{merchant.pk}"


def _load_own_messages(merchant: Merchant) -> dict[tuple[str, str, str], str]:
    rows = MessageText.objects.filter(merchant=merchant)
    return {(row.locale, row.table, row.code): row.text for row in rows}
