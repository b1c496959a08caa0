"""Authenticates callers. Each authenticator yields a `Credential`, and views know nothing else about the caller.

To add a kind of credential, add a class with `authenticate` to `AUTHENTICATORS`. If a request has several headers,
the first authenticator that knows one decides.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from common.web.public_ids import parse_public_id
from common.web.signing import is_same_secret
from subscriptions.actors import Actor, ActorKind
from subscriptions.api import api_keys
from subscriptions.api.errors import Denied
from subscriptions.models import Customer, Item, Merchant
from subscriptions.placement.signature import RECOGNIZED, sign_text, signed_text

Row = TypeVar("Row", bound=Model)
SIGNATURE_VALID = timedelta(hours=2)
CLOCK_DIFFERENCE = timedelta(minutes=5)  # how far a shop's clock may be ahead of ours
# How the rows that belong to a customer lead to it; rows of other models are the merchant's.
CUSTOMER_PATHS: dict[type[Model], str] = {Customer: "merchant_user_id", Item: "order__customer__merchant_user_id"}


@dataclass(frozen=True, slots=True)
class Credential:
    """`scope` is the letter that views name: A for an API key, S for a storefront signature, R for one of a mail link.

    `rights` are the scopes of an API key itself. `name` is unique among the credentials of a merchant; idempotency keys
    are stored under it. `merchant_user_id` names the only customer that a signature is good for, who may not exist yet.
    """

    merchant: Merchant
    scope: str
    rights: frozenset[str]
    name: str
    actor: Actor
    merchant_user_id: str | None = None

    def visible_rows(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Those of `rows` that this caller may see."""
        rows = rows.filter(merchant=self.merchant)
        if self.merchant_user_id is None:
            return rows
        path = CUSTOMER_PATHS.get(rows.model) or ("customer__merchant_user_id" if _has_customer(rows.model) else None)
        return rows.filter(**{path: self.merchant_user_id}) if path else rows


class ApiKeyAuthentication(BaseAuthentication):
    """The header `x-api-key`: scope A."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Credential] | None:
        text = request.headers.get("x-api-key")
        if text is None:
            return None
        key = api_keys.find_api_key(text)
        if key is None:
            raise Denied("bad_credentials")
        if key.expires and key.expires <= timezone.now():
            raise Denied("expired")
        actor = Actor(ActorKind.API_KEY, key.prefix, key.name)
        return AnonymousUser(), Credential(
            merchant=key.merchant,
            scope="A",
            rights=frozenset(key.scopes),
            name=key.prefix,
            actor=actor,
        )


class StorefrontAuthentication(BaseAuthentication):
    """The header `Authorization` with a storefront signature: scope S, or R if its trust level is `recognized`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Credential] | None:
        text = request.headers.get("authorization")
        if text is None:
            return None
        signature = parse_signature(text)
        merchant = signature and Merchant.objects.filter(public_id=signature.public_id).first()
        if not signature or not merchant or not signature.is_signed_by(merchant):
            raise Denied("bad_credentials")
        age = timezone.now().timestamp() - signature.ts
        if age > SIGNATURE_VALID.total_seconds():
            raise Denied("expired")
        if -age > CLOCK_DIFFERENCE.total_seconds():
            raise Denied("bad_credentials")
        return AnonymousUser(), Credential(
            merchant=merchant,
            scope="R" if signature.recognized else "S",
            rights=frozenset(),
            name=f"storefront {signature.sig_field}",
            actor=Actor(ActorKind.CUSTOMER, signature.sig_field, "Storefront"),
            merchant_user_id=signature.sig_field,
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """A storefront signature as it was sent; `placement.signature` describes it."""

    public_id: UUID
    sig_field: str
    ts: int
    sig: str
    recognized: bool

    def is_signed_by(self, merchant: Merchant) -> bool:
        text = signed_text(self.sig_field, self.ts, recognized=self.recognized)
        return any(is_same_secret(self.sig, sign_text(key, text)) for key in merchant.valid_storefront_keys())


def parse_signature(text: str) -> Signature | None:
    """The signature in a header, or None if it is none."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match given:
        case {"public_id": str(public_id), "sig_field": str(sig_field), "ts": int(ts), "sig": str(sig)} if sig_field:
            level, key = given.get("trust_level"), parse_public_id(public_id)
            return Signature(key, sig_field, ts, sig, bool(level)) if key and level in (None, RECOGNIZED) else None
    return None


AUTHENTICATORS = [ApiKeyAuthentication, StorefrontAuthentication]


def _has_customer(model: type[Model]) -> bool:
    return any(field.name == "customer" for field in model._meta.get_fields())


def credential_of(request: Request) -> Credential | None:
    """The caller; None if the request has no header that an authenticator knows."""
    return cast(Credential | None, request.auth)


class MayCall(BasePermission):
    """Whether the view's `scopes` include the caller's. For an API key, the method also requires `read` or `write`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        credential = credential_of(request)
        if credential is None:
            raise Denied("no_credentials")
        right = "read" if request.method in SAFE_METHODS else "write"
        if credential.scope not in view.scopes or (credential.scope == "A" and right not in credential.rights):
            raise Denied("insufficient_scope")
        return True


class MayListAll(BasePermission):
    """Without the right `bulk`, an API key must limit a list across customers to one customer's rows by a filter."""

    SCOPING_FILTERS = ("customer", "email", "merchant_user_id", "subscription", "order", "item")

    def has_permission(self, request: Request, view: APIView) -> bool:
        credential = credential_of(request)
        is_scoped = any(request.query_params.get(name, "").strip() for name in self.SCOPING_FILTERS)
        if credential and credential.scope == "A" and "bulk" not in credential.rights and not is_scoped:
            raise Denied("insufficient_scope")
        return True
