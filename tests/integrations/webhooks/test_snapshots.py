"""Snapshots: what an event involves, as the REST API gives it, and only what is switched on."""

import json
from typing import Any

import pytest
from django.test import Client

from integrations.webhooks.bodies import build_bodies
from integrations.webhooks.snapshots import SNAPSHOTS
from subscriptions import api_keys
from subscriptions.actions import item as items
from subscriptions.actions import order as orders
from subscriptions.actions import subscription as subscriptions
from subscriptions.models import Event, Item, Payment, Subscription
from tests.actions import random_actions, situations, verbs
from tests.actions.random_actions import World
from tests.factories import STAFF, AddressFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def world() -> World:
    """Two subscriptions on one order, paid by a card with a billing address of its own."""
    made = random_actions.create_world(2)
    situations.offered(made)
    situations.entitled(made)
    Payment.objects.filter(pk=made.payments[0].pk).update(billing_address=made.addresses[1])
    return made


def snapshot_of(events: list[Event], kind: str, *parts: str) -> dict[str, Any]:
    bodies = [json.loads(text) for text in build_bodies([(event, parts) for event in events])]
    (found,) = [body["snapshot"] for body in bodies if body["type"] == kind]
    return found


def as_rest_gives_it(world: World, paths: dict[str, list[str]]) -> dict[str, Any]:
    _, key = api_keys.create_api_key(world.customer.merchant, "Shop", ("read",))
    client = Client(headers={"x-api-key": key})
    found = {part: [client.get(f"/api/{path}/").json() for path in named] for part, named in paths.items()}
    return found | {"customer": found["customer"][0]}


def hex_ids(name: str, rows: Any) -> list[str]:
    return [f"{name}/{row.public_id.hex}" for row in rows]


def all_paths(world: World, products: list[Any], **lists: Any) -> dict[str, list[str]]:
    return {
        "customer": [f"customers/{world.customer.merchant_user_id}"],
        "addresses": hex_ids("addresses", world.addresses),
        "payments": hex_ids("payments", world.payments[:1]),
        "products": [f"products/{product.external_product_id}" for product in products],
        **{name: hex_ids(name, lists.get(name, [])) for name in ("orders", "items", "subscriptions")},
    }


def test_an_order_involves_its_items_and_their_subscriptions(world: World) -> None:
    order = world.order(0)
    orders.change_extra_data(order, actor=STAFF, extra_data={"a": 1})
    done = orders.send_now(order, actor=STAFF)
    found = snapshot_of(done.events, "order.send_now", *SNAPSHOTS)
    expected = all_paths(
        world,
        world.products,
        orders=[order],
        items=Item.objects.filter(order=order).order_by("id"),
        subscriptions=Subscription.objects.order_by("id"),
    )
    assert found == as_rest_gives_it(world, expected)
    assert [*found] == [*SNAPSHOTS]


def test_an_item_involves_its_order_and_subscription(world: World) -> None:
    item = world.item(1)
    world.customer.merchant.webhook_kinds = ["item.change_quantity"]
    world.customer.merchant.save()
    done = items.change_quantity(item, actor=STAFF, quantity=4)
    expected = all_paths(
        world, world.products[1:], orders=[item.order], items=[item], subscriptions=[item.subscription]
    )
    assert snapshot_of(done.events, "item.change_quantity", *SNAPSHOTS) == as_rest_gives_it(world, expected)


def test_a_subscription_involves_neither_orders_nor_items(world: World) -> None:
    row = world.subscription(0)
    done = subscriptions.change_frequency(row, actor=STAFF, every=3, every_period=1)
    expected = all_paths(world, world.products[:1], subscriptions=[row])
    assert snapshot_of(done.events, "subscription.change_frequency", *SNAPSHOTS) == as_rest_gives_it(world, expected)


def test_a_checkout_involves_what_it_started(world: World) -> None:
    done = verbs.check_out(world, 2)
    started = Subscription.objects.order_by("id")[2:]
    expected = all_paths(world, world.products[:1], subscriptions=started)
    found = snapshot_of(done.events, "subscriber.subscriptions_created", *SNAPSHOTS)
    assert found == as_rest_gives_it(world, expected)


def test_only_what_is_switched_on_is_there(world: World) -> None:
    done = random_actions.skip(world, 0)
    assert snapshot_of(done.events, "order.skip_order") == {}
    found = snapshot_of(done.events, "order.skip_order", "items", "customer")
    assert [*found] == ["customer", "items"]
    assert [len(found["items"]), found["customer"]["email"]] == [2, world.customer.email]


def test_targets_get_the_snapshots_they_chose(world: World) -> None:
    (event,) = random_actions.skip(world, 0).events
    texts = build_bodies([(event, ("orders",)), (event, ()), (event, ("customer",))])
    bodies = [json.loads(text) for text in texts]
    assert [[*body["snapshot"]] for body in bodies] == [["orders"], [], ["customer"]]
    assert bodies[0]["data"] == bodies[1]["data"] == bodies[2]["data"]


def test_nothing_of_other_customers_is_in_a_snapshot(world: World) -> None:
    other = random_actions.create_world(1)
    AddressFactory(customer=other.customer)
    done = random_actions.skip(world, 0)
    found = snapshot_of(done.events, "order.skip_order", *SNAPSHOTS)
    owned = [each for part in ("orders", "addresses", "payments", "subscriptions") for each in found[part]]
    assert {each["customer"] for each in owned} == {world.customer.merchant_user_id}
