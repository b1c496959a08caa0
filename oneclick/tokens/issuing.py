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

from oneclick.models import ActionToken, OneClickSettings
from subscriptions import calendar
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Event, Merchant, Order, Subscription
from subscriptions.models.making import new
from subscriptions.models.prepared import insert_all

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
    tokens = [
        token_for(good_for, rules, event)
        for event in events
        if ALL_KINDS[event.kind].token_scope
        and (good_for := event.order or event.subscription)
        and (rules := _rules(event.merchant))
    ]
    insert_all(tokens, keyed=False)


def _rules(merchant: Merchant) -> OneClickSettings | None:
    """Those of a merchant that has 1-Click on; read once for all events that share their merchant."""
    rules: OneClickSettings | None = getattr(merchant, "one_click", None)
    return rules if rules and rules.enabled else None


def token_for(good_for: Order | Subscription, rules: OneClickSettings, event: Event | None = None) -> ActionToken:
    """A token for an order or a subscription, not saved yet."""
    owner = event or good_for
    order, subscription = (good_for, None) if isinstance(good_for, Order) else (None, good_for)
    return new(
        ActionToken,
        merchant=owner.merchant,
        customer=owner.customer,
        event=event,
        scope=ActionToken.Scope.ORDER if order else ActionToken.Scope.SUBSCRIPTION,
        subscription=subscription,
        order=order,
        issued_at=calendar.now(),
        expires_at=_end(good_for, owner.merchant, rules),
    )


def _end(good_for: Order | Subscription, merchant: Merchant, rules: OneClickSettings) -> datetime:
    """An order's token ends when its place date comes, a subscription's after the merchant's number of days."""
    if isinstance(good_for, Order):
        return calendar.midnight(good_for.place_date, merchant.time_zone)
    return calendar.now() + timedelta(days=rules.token_days)
