"""The storefront signature: what the shop's own server or pages send instead of an API key, for one customer."""

import json
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from common.web.public_ids import parse_public_id
from common.web.signing import is_same_secret
from subscriptions.actors import Actor, ActorKind
from subscriptions.api.authentication import Credential
from subscriptions.api.errors import Denied
from subscriptions.models import Merchant
from subscriptions.placement.signature import RECOGNIZED, sign_text, signed_text

VALID_FOR = 2 * 3600  # seconds
MOST_AHEAD = 300  # seconds, by which the clock of the shop may be fast
LONGEST_ACTOR = 64  # characters of an activity's actor


class StorefrontAuthentication(BaseAuthentication):
    """The header `Authorization` as `placement.signature` describes it: scope S, or R for a recognized customer."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Credential] | None:
        header = request.headers.get("authorization")
        if header is None:
            return None
        signed = _read_header(header)
        public_id = parse_public_id(signed["public_id"])
        merchant = Merchant.objects.filter(public_id=public_id).first() if public_id else None
        customer, ts = signed["sig_field"], signed["ts"]
        is_recognized = signed["trust_level"] == RECOGNIZED
        if merchant is None or not customer or signed["trust_level"] not in ("", RECOGNIZED):
            raise Denied("bad_credentials")
        text = signed_text(customer, ts, is_recognized=is_recognized)
        # Without a key, anybody could sign.
        if not any(is_same_secret(signed["sig"], sign_text(key, text)) for key in merchant.valid_storefront_keys()):
            raise Denied("bad_credentials")
        if not -MOST_AHEAD <= timezone.now().timestamp() - _read_time(ts) <= VALID_FOR:
            raise Denied("expired")
        return AnonymousUser(), Credential(
            merchant=merchant,
            scope="R" if is_recognized else "S",
            rights=frozenset(),
            name=f"storefront:{customer}"[:255],
            actor=Actor(ActorKind.CUSTOMER, customer[:LONGEST_ACTOR], "Storefront"),
            customer=customer,
        )


def _read_header(header: str) -> dict[str, str]:
    """The values as texts; the shops send `ts` as a number or as a text. One that is missing is empty."""
    try:
        given: Any = json.loads(header)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Denied("bad_credentials")
    values = {name: given.get(name) for name in ("public_id", "sig_field", "ts", "sig", "trust_level")}
    texts = {name: str(value) if isinstance(value, str | int) else "" for name, value in values.items()}
    if not all(text.isprintable() for text in texts.values()):  # half of a surrogate pair cannot be signed
        raise Denied("bad_credentials")
    return texts


def _read_time(ts: str) -> int:
    if not (ts.isascii() and ts.isdecimal() and len(ts) <= 12):
        raise Denied("bad_credentials")
    return int(ts)
