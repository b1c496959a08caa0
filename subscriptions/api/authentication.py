"""Who calls. Each way to authenticate yields a `Credential`; the views know nothing else of the caller.

A further way is one more class with `authenticate`, listed in `WAYS` in the order in which headers decide.
"""

from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from subscriptions.actors import Actor, ActorKind
from subscriptions.api import api_keys
from subscriptions.api.errors import Denied
from subscriptions.models import ApiKey, Merchant

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Credential:
    """`scope` is the letter the endpoints name: A for an API key. `rights` are the key's own scopes.

    `name` tells credentials of one merchant apart, for idempotency keys.
    """

    merchant: Merchant
    scope: str
    rights: frozenset[str]
    name: str
    actor: Actor

    def visible_rows(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Those of `rows` this caller may see."""
        return rows.filter(merchant=self.merchant)


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
        return AnonymousUser(), self.credential(key)

    @staticmethod
    def credential(key: ApiKey) -> Credential:
        return Credential(
            merchant=key.merchant,
            scope="A",
            rights=frozenset(key.scopes),
            name=key.prefix,
            actor=Actor(ActorKind.API_KEY, key.prefix, key.name),
        )


AUTHENTICATORS = [ApiKeyAuthentication]


def credential_of(request: Request) -> Credential | None:
    """Who calls; None where no way to authenticate was tried."""
    return cast(Credential | None, request.auth)


class MayCall(BasePermission):
    """The view's `scopes` name who may call it; an API key needs `read` or `write` besides, by method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        credential = credential_of(request)
        if credential is None:
            raise Denied("no_credentials")
        right = "read" if request.method in SAFE_METHODS else "write"
        if credential.scope not in view.scopes or (credential.scope == "A" and right not in credential.rights):
            raise Denied("insufficient_scope")
        return True


class MayListAll(BasePermission):
    """Without `bulk`, an API key must pin a list across customers to something of one customer."""

    SCOPING_FILTERS = ("customer", "email", "merchant_user_id", "subscription", "order", "item")

    def has_permission(self, request: Request, view: APIView) -> bool:
        credential = credential_of(request)
        pinned = any(request.query_params.get(name, "").strip() for name in self.SCOPING_FILTERS)
        if credential and credential.scope == "A" and "bulk" not in credential.rights and not pinned:
            raise Denied("insufficient_scope")
        return True
