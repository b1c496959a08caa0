"""Every kind of event through the doors that people and programs have, and from there to the sandbox."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from integrations import outbox
from integrations.models import Delivery, SandboxEvent
from subscriptions import api_keys
from subscriptions.events.catalogue import KINDS
from subscriptions.jobs import dispatch, runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import Merchant, Product, SimulatedOutcome
from tests.api.shop import PLACE
from tests.events.shape import GOLDEN, find_mismatches
from tests.factories import MerchantFactory, ProductFactory
from tests.integrations.events import create_sandbox_connection

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


class Shop:
    """Calls the API as a shop does. Each customer buys one product a month; the first order comes on December 20."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        _, key = api_keys.create_api_key(merchant, "Shop", ("read", "write", "bulk"))
        self.client = Client(headers={"x-api-key": key})

    def call(self, method: str, path: str, body: object = None) -> Any:
        text = json.dumps({} if body is None else body)
        answer = getattr(self.client, method)(f"/api/{path}", text, content_type="application/json")
        assert answer.status_code == 200, (path, answer.content)
        return answer.json()

    def read(self, path: str) -> Any:
        return self.client.get(f"/api/{path}").json()["results"]

    def buy(self, user: str, product: str, expiry: str = "12/2030") -> str:
        """A checkout; returns the id of the subscription."""
        where = {name: {**PLACE} for name in ("shipping_address", "billing_address")}
        line = {"quantity": 1, "tracking_override": {"every": 1, "every_period": 3}}
        self.call(
            "post",
            "subscription/create/",
            {
                "merchant_id": self.merchant.public_id.hex,
                "merchant_order_id": f"order of {user}",
                "session_id": user,
                "user": {
                    "user_id": user,
                    "first_name": "Ana",
                    "last_name": "Ruiz",
                    "email": f"{user}@shop.test",
                    **where,
                },
                "payment": {"token_id": f"tok-{user}", "cc_number": "4242", "cc_exp_date": expiry, "cc_type": 1},
                "products": [{"product": product, "subscription_info": line}],
            },
        )
        (row,) = self.read(f"subscriptions/?customer={user}")
        found: str = row["public_id"]
        return found

    def order_of(self, subscription: str) -> str:
        (row,) = self.read(f"items/?subscription={subscription}&status=1")
        found: str = row["order"]
        return found


@pytest.fixture
def shop(transactional_db: None, settings: Any, live_server: Any) -> Iterator[Shop]:
    settings.PUBLIC_URL = live_server.url
    merchant = MerchantFactory(is_shopify=True)  # its events have all fields
    for name in ("coffee", "tea", "milk", "sugar"):
        ProductFactory(merchant=merchant, external_product_id=name)
    with time_machine.travel(NOON, tick=False):
        yield Shop(merchant)


def subscribe_and_change(shop: Shop) -> None:
    """A subscriber's life over the API."""
    one = shop.buy("C-1", "coffee")
    payment = shop.call(
        "post", "payments/create/", {"customer": "C-1", "cc_number_ending": "1881", "token_id": "tok-2"}
    )
    address = shop.call(
        "post", "addresses/create/", PLACE | {"customer": "C-1", "address_type": "shipping_address", "city": "Benton"}
    )
    (bought,) = shop.read(f"subscriptions/?subscription={one}")
    own = {"payment": bought["payment"]}, {"shipping_address": bought["shipping_address"]}
    other = {"payment": payment["public_id"]}, {"shipping_address": address["public_id"]}
    for verb, body in (
        ("change_quantity", {"quantity": 2}),
        ("change_frequency", {"every": 2, "every_period": 3}),
        ("change_product", {"product": "tea"}),
        ("change_payment", other[0]),
        ("change_shipping", other[1]),
    ):
        shop.call("patch", f"subscriptions/{one}/{verb}/", body)
    for verb, body in (
        ("change_place_date", {"place": "2026-12-24"}),
        ("change_payment", own[0]),
        ("change_shipping", own[1]),
        ("send_now", {}),
    ):
        shop.call("patch", f"orders/{shop.order_of(one)}/{verb}/", body)
    shop.call("patch", f"orders/{shop.order_of(one)}/cancel/")
    extra = {
        "customer_id": "C-1",
        "product_id": "coffee",
        "offer_id": None,
        "place_date": "12/28/2026",
        "payment_id": own[0]["payment"],
        "shipping_id": own[1]["shipping_address"],
        "quantity": 1,
    }
    shop.call("patch", f"orders/{shop.call('post', 'items/create/', extra)['order']}/cancel/")
    shop.call("patch", f"subscriptions/{one}/cancel/", {"cancel_reason": "4|Overstocked"})
    shop.call("patch", f"subscriptions/{one}/reactivate/", {"every": 1, "every_period": 3, "start_date": "2026-11-20"})


def run_jobs(merchant: Merchant, moment: datetime) -> None:
    """All jobs of a day, the posts of the orders that they queue, and the deliveries of their events."""
    with time_machine.travel(moment, tick=False):
        for job in JOBS.values():
            runs.continue_run(runs.begin_run(merchant, job).pk)
        dispatch.dispatch_orders(merchant.pk)
        outbox.drain_connection(merchant.connections.get().pk)


def test_every_kind_of_event_has_a_door_and_reaches_the_sandbox_as_described(shop: Shop) -> None:
    create_sandbox_connection(shop.merchant)
    subscribe_and_change(shop)
    shop.buy("C-2", "coffee", expiry="11/2026")  # reminded, warned of the card, placed
    for user, product, outcome in (("C-3", "milk", "110"), ("C-4", "sugar", "140")):
        shop.buy(user, product)
        row = Product.objects.get(external_product_id=product)
        SimulatedOutcome.objects.create(merchant=shop.merchant, product=row, outcome=outcome)
    shop.buy("C-5", "tea")
    for month, day in ((12, 1), (12, 15)):
        run_jobs(shop.merchant, datetime(2026, month, day, 17, tzinfo=UTC))
    Product.objects.filter(external_product_id="tea").update(live=False)
    run_jobs(shop.merchant, datetime(2026, 12, 20, 17, tzinfo=UTC))
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.DONE}
    received = {event.metric: event.properties for event in SandboxEvent.objects.order_by("id")}
    assert sorted(set(KINDS) - set(received)) == []
    for kind, properties in received.items():
        shape = GOLDEN[kind]["payload"] | ({"action_token": "string"} if KINDS[kind].token_scope else {})
        # Names with a dollar are Klaviyo's own.
        assert find_mismatches({key: value for key, value in properties.items() if key[0] != "$"}, shape) == [], kind
