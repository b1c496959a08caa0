"""Whoever may call the portal, with the credentials of one merchant."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from django.test import Client

from subscriptions.models import Role
from tests import factories as f
from tests.api.signatures import signature_header
from tests.integrations.gladly.player import sign
from tests.wall.worlds import World

REVISION = {"revision": "2026-07-15"}


class Caller(Client):
    """Sends each request with `headers_for`, the headers of this method, path and body."""

    def __init__(self, headers_for: Callable[[str, str, bytes], dict[str, str]]) -> None:
        super().__init__(raise_request_exception=False)
        self.headers_for = headers_for

    def generic(self, method: str, path: str, data: Any = b"", *args: Any, **options: Any) -> Any:
        body = data.encode() if isinstance(data, str) else data
        options["headers"] = self.headers_for(method, path.partition("?")[0], body)
        return super().generic(method, path, body, *args, **options)


def staff(world: World, role: str) -> Client:
    membership = f.MembershipFactory(merchant=world.merchant, role=role)
    client = Client(raise_request_exception=False)
    client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def with_headers(**headers: str) -> Caller:
    return Caller(lambda method, path, body: headers)


def api_key(world: World, scopes: str) -> Caller:
    return with_headers(**{"x-api-key": world.keys[scopes]})


def storefront(world: World, *, recognized: bool = False) -> Caller:
    """A page of the shop, for its customer."""
    customer = world.find("Customer").merchant_user_id
    key = f"storefront-{world.find('Merchant').name.split()[0]}"
    return with_headers(authorization=signature_header(world.merchant, customer, key=key, recognized=recognized))


def gladly(world: World) -> Caller:
    key = world.find("GladlyAccount").signing_key
    return Caller(lambda method, path, body: sign(method, path, body, key=key))


def sandbox(world: World, integration: str) -> Caller:
    connection = world.sandbox[integration]
    if integration == "klaviyo":
        return with_headers(authorization=f"Klaviyo-API-Key {connection.secret}", **REVISION)
    if integration == "attentive":
        return with_headers(authorization=f"Bearer {connection.secret}")
    user = f"{connection.gladly.api_user}:{connection.secret}"
    return with_headers(authorization=f"Basic {b64encode(user.encode()).decode()}")


KEYS = ("read write bulk", "gladly:read gladly:act")
# By the start of an address, those who have credentials there.
CALLERS: dict[str, dict[str, Callable[[World], Client]]] = {
    "/admin/": {role: lambda world, role=role: staff(world, role) for role in Role.values},
    "/api/": {
        **{key: lambda world, key=key: api_key(world, key) for key in ("read write bulk", "gladly:read gladly:act")},
        "storefront": storefront,
        "recognized": lambda world: storefront(world, recognized=True),
    },
    "/gladly/v1/": {
        key: lambda world, key=key: api_key(world, key) for key in ("gladly:read gladly:act", "read write bulk")
    },
    "/gladly/lookup/": {"signature": gladly},
    "/sandbox/klaviyo/": {"key": lambda world: sandbox(world, "klaviyo")},
    "/sandbox/attentive/": {"key": lambda world: sandbox(world, "attentive")},
    "/sandbox/gladly/": {"key": lambda world: sandbox(world, "gladly")},
}
