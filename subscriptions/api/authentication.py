"""Authenticates callers. Each authenticator yields a `Credential`, and views know nothing else about the caller.

To add a kind of credential, add a class with `authenticate` to `View.authentication_classes`. If a request has several
headers, the first authenticator that knows one decides.
"""

from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from subscriptions import api_keys
from subscriptions.actors import Actor, ActorKind
from subscriptions.api.errors import Denied
from subscriptions.models import Customer, Item, Merchant

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Credential:
    """`scope` is the letter that views name: A for an API key, S for a storefront signature, R for one of a mail link.

    `rights` are the scopes of the key itself. `customer` is the shop's id of the one customer that a signature is for.
    `name` is unique among the credentials of a merchant; idempotency keys are stored under it. `key` is the primary key
    of the API key.
    """

    merchant: Merchant
    scope: str
    rights: frozenset[str]
    name: str
    actor: Actor
    customer: str | None = None
    key: int | None = None

    def visible_rows(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Those of `rows` that this caller may see."""
        rows = rows.filter(merchant=self.merchant)
        path = customer_path(rows.model)
        return rows if self.customer is None or path is None else rows.filter(**{path: self.customer})


def customer_path(model: type[Model]) -> str | None:
    """The lookup from rows of `model` to the shop's id of their customer; None for what belongs to the merchant."""
    if model is Customer:
        return "merchant_user_id"
    if model is Item:
        return "order__customer__merchant_user_id"
    has_customer = any(field.name == "customer" for field in model._meta.get_fields())
    return "customer__merchant_user_id" if has_customer else None


class ApiKeyAuthentication(BaseAuthentication):
    """The header `x-api-key`: scope A."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Credential] | None:
        text = request.headers.get("x-api-key")
        if text is None:
            return None
        key = api_keys.find_api_key(text)
        if key is None:
            raise Denied("bad_credentials")
        if key.expired:
            raise Denied("expired")
        actor = Actor(ActorKind.API_KEY, key.prefix, key.name)
        return AnonymousUser(), Credential(
            merchant=key.merchant,
            scope="A",
            rights=frozenset(key.scopes),
            name=key.prefix,
            actor=actor,
            key=key.pk,
        )


def credential_of(request: Request) -> Credential | None:
    """The caller; None if the request has no header that an authenticator knows."""
    return cast(Credential | None, request.auth)


class MayCall(BasePermission):
    """Whether the view's `scopes` include the caller's. An API key also needs the right of the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        credential = credential_of(request)
        if credential is None:
            raise Denied("no_credentials")
        is_read = request.method in SAFE_METHODS
        right = view.read_right if is_read else view.write_right
        scopes = view.scopes if is_read else view.write_scopes or view.scopes
        if credential.scope not in scopes or (credential.scope == "A" and right not in credential.rights):
            raise Denied("insufficient_scope")
        return True


class MayReadInBulk(BasePermission):
    """For lists that no filter limits to one customer: an API key needs the right `bulk`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        credential = credential_of(request)
        if credential and credential.scope == "A" and "bulk" not in credential.rights:
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
