"""The requests of each kind, without end."""

import json
from collections.abc import Iterator
from itertools import chain, cycle

from django.contrib.auth import get_user_model
from django.test import Client

from benchmarks.day.merchant import FORMER, orders_for_later
from benchmarks.load import json_request
from benchmarks.seed import find_tokens
from config.site import NAVIGATION
from oneclick.tokens.token_text import encode_token
from subscriptions import api_keys
from subscriptions.models import Membership, Merchant, Role

Requests = Iterator[bytes]
FAR = "2028-03-01"
MOST_WRITES = 20_000
ACCOUNT = ("customers/C-{}/", "subscriptions/?customer=C-{}", "orders/?customer=C-{}")


def make_visits(merchant: Merchant, subscribers: int) -> dict[str, Requests]:
    """By the names of `Day.requests`. Nobody clicks the same link twice, so the clicks do end."""
    former = subscribers // FORMER
    tokens = [encode_token(token) for token in find_tokens(1, former)]
    _, key = api_keys.create_api_key(merchant, "Benchmark", ["read", "write"])
    query = f"?merchant={merchant.public_id.hex}"
    pages = [f"/l/{merchant.public_id.hex}/", f"/{merchant.public_id.hex}/main.js"]
    return {
        "link fetched by a mail scanner": (_get(f"/one_click/reactivate/?token={token}") for token in cycle(tokens)),
        "landing page or script": (_get(page, "Accept-Encoding: gzip") for page in cycle(pages)),
        "link opened by a person": (
            _post(f"/one_click/opened/{query}", token=token, action="reactivate") for token in cycle(tokens)
        ),
        "click": (_post(f"/one_click/reactivate/{query}", token=token) for token in tokens),
        "API read": _reads(key, range(former + 1, subscribers)),
        "API write": _writes(merchant, key),
        "staff page": _staff_pages(merchant),
    }


def _get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


def _post(path: str, **fields: str) -> bytes:
    return json_request(path, json.dumps(fields))


def _reads(key: str, customers: range) -> Requests:
    """A customer's account: who they are, what they subscribed to, and their orders."""
    paths = chain.from_iterable((path.format(number) for path in ACCOUNT) for number in cycle(customers))
    return (_get(f"/api/{path}", f"x-api-key: {key}") for path in paths)


def _writes(merchant: Merchant, key: str) -> Requests:
    """Delays of orders."""
    body = json.dumps({"place": FAR})
    orders = orders_for_later(merchant, MOST_WRITES)
    return (
        _patch(json_request(f"/api/orders/{order.public_id.hex}/change_place_date/", body), key)
        for order in cycle(orders)
    )


def _patch(request: bytes, key: str) -> bytes:
    return request.replace(b"POST", b"PATCH", 1).replace(b"\r\n", f"\r\nx-api-key: {key}\r\n".encode(), 1)


def _staff_pages(merchant: Merchant) -> Requests:
    """Each page of the sidebar in turn, as the merchant's owner sees it."""
    user = get_user_model().objects.create_user("owner", is_staff=True)
    Membership.objects.create(merchant=merchant, user=user, role=Role.OWNER)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    cookie = f"Cookie: sessionid={client.cookies['sessionid'].value}"
    items = [item for section in NAVIGATION.values() for item in section if item["title"] != "Sandbox inbox"]
    return (_get(str(item["link"]), cookie) for item in cycle(items))
