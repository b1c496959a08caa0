"""Action tokens: the right to one act, as text nobody can guess and no table holds.

Text = base64url(version byte, 16 bytes row nonce, 16 bytes HMAC-SHA256): 44 characters. It is worked out from the
row and a server key, and a forged one is refused before any query. `ONE_CLICK_KEYS` maps versions to keys; the first
signs, all verify.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from oneclick.models import ActionToken, OneClickSettings
from subscriptions import calendar
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event
from subscriptions.models.prepared import insert_all, new

Purpose = Literal["act", "undo"]
MAC_BYTES = 16


def text_of(token: ActionToken, purpose: Purpose = "act") -> str:
    """The text a customer's link carries (or, for `undo`, the one that takes the act back)."""
    version = next(iter(settings.ONE_CLICK_KEYS))
    signed = bytes([int(version)]) + token.nonce.bytes
    return base64.urlsafe_b64encode(signed + _mac(version, purpose, signed)).decode()


def nonce_in(text: str, purpose: Purpose = "act") -> UUID | None:
    """The nonce of a genuine token; None for anything else, decided without a query."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    if len(raw) != 1 + 16 + MAC_BYTES:
        return None
    signed, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    version = str(signed[0])
    if version not in settings.ONE_CLICK_KEYS or not hmac.compare_digest(mac, _mac(version, purpose, signed)):
        return None
    return UUID(bytes=signed[1:])


def _mac(version: str, purpose: Purpose, signed: bytes) -> bytes:
    key = bytes.fromhex(settings.ONE_CLICK_KEYS[version])
    return hmac.digest(key, purpose.encode() + signed, hashlib.sha256)[:MAC_BYTES]


def issue_for_events(events: list[Event]) -> None:
    """Event sink: one token for each event whose kind carries one, at merchants that have 1-Click on."""
    carriers = [event for event in events if KINDS[event.kind].token_scope]
    if not carriers:
        return
    merchants = {event.merchant_id for event in carriers}
    rules = OneClickSettings.objects.filter(enabled=True).in_bulk(merchants)
    insert_all([_new(event, rules[event.merchant_id]) for event in carriers if event.merchant_id in rules])


def _new(event: Event, rules: OneClickSettings) -> ActionToken:
    return new(
        ActionToken,
        merchant=event.merchant,
        customer=event.customer,
        event=event,
        scope=KINDS[event.kind].token_scope or "",
        subscription=event.subscription,
        order=event.order,
        expires_at=_end(event, rules),
    )


def _end(event: Event, rules: OneClickSettings) -> datetime:
    """An order's token ends when its place date comes, a subscription's after the merchant's number of days."""
    if event.order is not None:
        return calendar.midnight(event.order.place_date, event.merchant.time_zone)
    return timezone.now() + timedelta(days=rules.token_days)


def revoke(token: ActionToken) -> bool:
    """Make a token useless; False when it was used or revoked before."""
    with transaction.atomic():
        unused = ActionToken.objects.filter(pk=token.pk, used_at=None, revoked_at=None)
        return bool(unused.update(revoked_at=timezone.now()))
