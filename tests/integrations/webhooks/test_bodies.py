"""The bodies of webhooks: their objects key by key."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from integrations.webhooks.bodies import OBJECT_TYPES, build_bodies
from integrations.webhooks.snapshots import SNAPSHOTS
from subscriptions.actions import item as items
from subscriptions.actions import subscription as subscriptions
from subscriptions.actions import upcoming_order
from subscriptions.actions.core import emit_followup
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actions.webhook_kinds import request_webhook_kinds
from subscriptions.events.catalogue import ALL_KINDS, KINDS, ORDER_REFRESH, SUBSCRIPTION_REFRESH
from subscriptions.models import Customer, Event, Merchant, Order, Subscription
from tests.actions import random_actions, situations, verbs
from tests.actions.random_actions import World
from tests.events.emitting import EMIT, create_rich_world
from tests.events.test_webhook_kinds import CASES
from tests.factories import STAFF
from tests.integrations.webhooks.built_bodies import bodies_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NOON = int(datetime(2026, 11, 20, 17, tzinfo=UTC).timestamp())


def objects_of(events: Sequence[Event]) -> dict[str, dict[str, Any]]:
    return {body["type"]: body["data"]["object"] for body in bodies_of(events)}


@pytest.fixture
def world() -> World:
    made = random_actions.create_world(2)
    situations.offered(made)
    request_webhook_kinds(made.customer.merchant, ALL_KINDS)
    return made


def test_a_body_says_which_event_it_is(world: World) -> None:
    done = random_actions.change_frequency(world, 0)
    (text,) = build_bodies([(done.events[0], ())])
    body = json.loads(text)
    assert [*body] == ["id", "type", "created", "data", "context", "snapshot"]
    assert body["id"] == Event.objects.get().public_id.hex
    assert (body["type"], body["created"]) == ("subscription.change_frequency", NOON)
    assert ([*body["data"]], body["snapshot"]) == (["object"], {})


def test_the_same_event_gives_the_same_bytes(world: World) -> None:
    done = random_actions.cancel(world, 0)
    wanted = [(event, SNAPSHOTS) for event in done.events]
    assert build_bodies(wanted) == build_bodies(wanted)


def test_the_object_of_a_subscription(world: World) -> None:
    Subscription.objects.filter(pk=world.subscription(0).pk).update(
        price=Decimal("9.5"),
        session_id="s.1",
        merchant_order_id="1224",
        external_id="x-1",
        extra_data={"note": "später", "n": 1},
        prepaid_orders_per_billing=3,
        prepaid_orders_remaining=0,
        renewal_behavior="autorenew",
        last_renewal_revenue=Decimal("37.50"),
    )
    row = world.subscription(0)
    done = subscriptions.cancel(row, actor=STAFF, reason="4|Overstocked")
    row.refresh_from_db()
    found = objects_of(done.events)["subscription.cancel"]
    assert found == {
        "type": "subscription",
        "merchant": row.merchant.public_id.hex,
        "public_id": row.public_id.hex,
        "customer": row.customer.merchant_user_id,
        "product": row.product.external_product_id,
        "components": [],
        "extra_data": {"note": "später", "n": 1},
        "quantity": 1,
        "price": "9.50",
        "frequency_days": 7,
        "reminder_days": 5,
        "every": 1,
        "every_period": 2,
        "every_period_display": "Weeks",
        "cancelled": NOON,
        "cancel_reason": "4|Overstocked",
        "cancel_reason_code": 4,
        "session_id": "s.1",
        "merchant_order_id": "1224",
        "live": False,
        "external_id": "x-1",
        "created": int(row.created.timestamp()),
        "updated": NOON,
        "start_date": row.start_date.isoformat(),
        "offer": row.offer.public_id.hex,
        "payment": row.payment.public_id.hex,
        "shipping_address": row.shipping_address.public_id.hex,
        "prepaid_subscription_context": {
            "prepaid_orders_remaining": 0,
            "prepaid_orders_per_billing": 3,
            "renewal_behavior": "autorenew",
            "last_renewal_revenue": 37.5,
            "prepaid_origin_merchant_order_id": None,
        },
    }


def test_the_object_of_an_order(world: World) -> None:
    situations.queued(world)
    order = world.order(0)
    Order.objects.filter(pk=order.pk).update(extra_data={"a": {"b": 1}}, shipping_total=5, total=Decimal(45))
    done = random_actions.reject(world, 0)
    assert objects_of(done.events)["order.reject"] == {
        "type": "order",
        "merchant": order.merchant.public_id.hex,
        "public_id": order.public_id.hex,
        "customer": order.customer.merchant_user_id,
        "payment": order.payment.public_id.hex,
        "shipping_address": order.shipping_address.public_id.hex,
        "sub_total": "40.00",
        "tax_total": "0.00",
        "shipping_total": "5.00",
        "discount_total": "0.00",
        "total": "45.00",
        "created": NOON,
        "place": "2026-11-20",  # it was tried today
        "cancelled": None,
        "tries": 1,
        "generic_error_count": 0,
        "status": 3,
        "status_display": "Rejected",
        "order_merchant_id": None,
        "rejected_message": '{"message":"Wrong number","code":"110"}',
        "extra_data": {"a": {"b": 1}},
    }


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", "Pacific/Honolulu"])
def test_the_day_of_an_order_is_the_merchants(world: World, zone: str) -> None:
    Merchant.objects.update(time_zone=zone)
    order = world.order(0)
    done = upcoming_order.remind(order, actor=STAFF)
    assert objects_of(done.events)["order.reminder"]["place"] == order.place_date.isoformat() == "2026-12-04"


def test_the_object_of_an_item(world: World) -> None:
    row = world.item(0)
    done = items.change_quantity(row, actor=STAFF, quantity=3)
    assert objects_of(done.events)["item.change_quantity"] == {
        "type": "item",
        "merchant": row.merchant.public_id.hex,
        "public_id": row.public_id.hex,
        "customer": world.customer.merchant_user_id,
        "product": row.product.external_product_id,
        "order": row.order.public_id.hex,
        "subscription": row.subscription.public_id.hex,
        "offer": row.offer.public_id.hex,
        "quantity": 3,
        "price": "10.00",
        "total_price": "30.00",
        "first_placed": None,
        "components": [],
    }


def test_the_object_of_a_one_time_item_that_was_placed(world: World) -> None:
    random_actions.add_product(world, 0)
    situations.queued(world)
    done = random_actions.succeed(world, 0)
    placed = [body["data"]["object"] for body in bodies_of(done.events) if body["type"] == "item.successfully_placed"]
    assert [each["first_placed"] for each in placed] == [NOON] * 3
    assert (placed[2]["subscription"], placed[2]["offer"]) == (None, None)


def test_the_object_of_a_subscriber(world: World) -> None:
    Customer.objects.update(
        session_id="s.2", phone_type=2, extra_data={"tier": "gold"}, locale="fr-ca", first_name="Zoë"
    )
    customer = Customer.objects.get()
    random_actions.cancel(world, 0)
    last = world.subscription(1)
    done = subscriptions.cancel(last, actor=STAFF)
    assert objects_of(done.events)["subscriber.cancel"] == {
        "type": "subscriber",
        "merchant": customer.merchant.public_id.hex,
        "merchant_user_id": customer.merchant_user_id,
        "subscription": last.public_id.hex,
        "subscriptions": [],
        "session_id": "s.2",
        "first_name": "Zoë",
        "last_name": "Ruiz",
        "email": customer.email,
        "phone_number": "+15013299800",
        "phone_type": 2,
        "phone_type_display": "mobile",
        "live": False,
        "created": int(customer.created.timestamp()),
        "last_updated": int(customer.last_updated.timestamp()),
        "extra_data": '{"tier":"gold"}',
        "locale": None,
        "locale_display": "French (Canada)",
    }


def test_a_checkout_names_the_subscriptions_it_started() -> None:
    done = verbs.check_out(random_actions.create_world(0), 2)
    first, second = (row.public_id.hex for row in Subscription.objects.order_by("id"))
    found = objects_of(done.events)
    created, all_of_them = found["subscriber.create"], found["subscriber.subscriptions_created"]
    assert (created["subscription"], created["subscriptions"], created["live"]) == (first, [], True)
    assert (all_of_them["subscription"], all_of_them["subscriptions"]) == (None, [first, second])
    assert (created["locale"], created["locale_display"]) == (1, "English (United States)")


def test_what_the_action_has_deleted_is_as_it_was_before(world: World) -> None:
    random_actions.cancel(world, 0)
    order, row = world.order(0), world.item(0)
    done = random_actions.cancel(world, 1)
    found = {body["type"]: body for body in bodies_of(done.events, *SNAPSHOTS)}
    removed, deleted = (found[name]["data"]["object"] for name in ("item.remove", "order.delete"))
    assert not Order.objects.exists()
    assert [removed[name] for name in ("public_id", "order", "offer", "subscription", "customer", "total_price")] == [
        row.public_id.hex,
        order.public_id.hex,
        row.offer.public_id.hex,
        row.subscription.public_id.hex,
        world.customer.merchant_user_id,
        "30.00",
    ]
    assert [deleted[name] for name in ("public_id", "payment", "shipping_address", "place", "status")] == [
        order.public_id.hex,
        order.payment.public_id.hex,
        order.shipping_address.public_id.hex,
        "2026-12-04",
        1,
    ]
    assert found["order.delete"]["snapshot"]["orders"] == found["order.delete"]["snapshot"]["items"] == []
    assert found["item.remove"]["snapshot"]["subscriptions"][0]["public_id"] == row.subscription.public_id.hex


@pytest.mark.parametrize("case", CASES)
def test_every_action_gives_bodies_that_can_be_built(world: World, case: str) -> None:
    done = CASES[case][0](world)
    for event, body in zip(done.events, bodies_of(done.events, *SNAPSHOTS), strict=True):
        kind = ALL_KINDS[event.kind]
        assert (body["id"], body["type"]) == (event.public_id.hex, kind.webhook_type)
        assert [*body["data"]["object"]] == [*OBJECT_TYPES[kind.base].values]
        assert [*body["snapshot"]] == [*SNAPSHOTS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_esps_has_a_body_too(kind: str) -> None:
    done = EMIT[kind](create_rich_world())
    event = next(event for event in done.events if event.kind == kind)
    (body,) = bodies_of([event], *SNAPSHOTS)
    assert body["type"] == ALL_KINDS[kind].webhook_type
    assert body["data"]["object"]["type"] == ALL_KINDS[kind].base


@pytest.mark.parametrize("kind", [ORDER_REFRESH, SUBSCRIPTION_REFRESH])
def test_a_fresh_token_comes_with_its_order_or_subscription(world: World, kind: str) -> None:
    row = world.subscription(0)
    with lock_customer(CUSTOMER_BY_KEY, pk=row.customer_id, merchant=row.merchant_id):
        done = subscriptions.change_next_order_date(row, actor=STAFF, day=date(2026, 12, 9))
        target = done.result if kind == ORDER_REFRESH else done.subject
        emit_followup(done, kind, target)
    (body,) = bodies_of(done.events[-1:])
    assert (body["type"], body["data"]["object"]["public_id"]) == (kind, target.public_id.hex)


@pytest.mark.contract
@pytest.mark.parametrize("family", OBJECT_TYPES)
def test_the_keys_of_an_object_are_those_of_the_contract(contracts: Path, family: str) -> None:
    text = (contracts / "outbound-webhooks.md").read_text().split("## 2. ")[1].split("## 3. ")[0]
    (row,) = re.findall(rf"^\| {family} \| (.+?) \|$", text, re.MULTILINE)
    described = re.match(r"`([a-z_, \[\]]+)`", row)
    assert described
    assert described[1].replace("[]", "").split(", ") == [*OBJECT_TYPES[family].values]


def test_a_body_of_a_test_customer_has_the_time_of_its_clock() -> None:
    world = random_actions.create_world(1)
    clock = datetime(2027, 3, 4, 12, tzinfo=UTC)
    Customer.objects.update(is_test=True, clock=clock)
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False):
        done = subscriptions.cancel(world.subscription(0), actor=STAFF)
    assert bodies_of(done.events)[0]["created"] == int(clock.timestamp())
