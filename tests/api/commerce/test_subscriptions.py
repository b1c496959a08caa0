"""Each change of a subscription, by the tables 6.4 and tier 2 of the contract."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import Activity, Event, Order, Subscription
from tests.api.commerce.calls import SUBSCRIPTION_KEYS, call, is_refused, next_order, patch, read, signed
from tests.api.commerce.world import (
    NOW_TEXT,
    World,
    cancelled,
    eligible,
    leave_alone,
    lock,
    of_customer,
    one_time,
    prepaid,
)
from tests.factories import AddressFactory, CustomerFactory, PaymentFactory
from tests.rows import read_all_rows

CYCLE = {
    "prepaid_orders_remaining": 2,
    "prepaid_orders_per_billing": 3,
    "renewal_behavior": "autorenew",
    "last_renewal_revenue": None,
    "prepaid_origin_merchant_order_id": None,
}


def paid_up(w: World) -> None:
    prepaid(w, remaining=0)


# The change, what it needs, its body, and what is then different in the object.
CHANGES: list[Any] = [
    (
        "cancel",
        leave_alone,
        lambda w: {"cancel_reason": "4|Overstocked "},
        lambda w: {
            "live": False,
            "cancelled": NOW_TEXT,
            "cancel_reason": "4|Overstocked ",
            "cancel_reason_code": 4,
        },
    ),
    (
        "reactivate",
        cancelled,
        lambda w: {"every": 3, "every_period": 2, "start_date": "2026-11-10", "next_order_date": "2026-11-20"},
        lambda w: {
            "live": True,
            "cancelled": None,
            "cancel_reason": None,
            "cancel_reason_code": None,
            "every": 3,
            "frequency_days": 21,
            "start_date": "2026-11-10",
        },
    ),
    ("change_quantity", leave_alone, lambda w: {"quantity": 5}, lambda w: {"quantity": 5}),
    (
        "change_frequency",
        leave_alone,
        lambda w: {"every": 1, "every_period": 4},
        lambda w: {"every": 1, "every_period": 4, "frequency_days": 365},
    ),
    ("change_payment", leave_alone, lambda w: {"payment": w.id("payment")}, lambda w: {"payment": w.id("payment")}),
    (
        "change_shipping",
        leave_alone,
        lambda w: {"shipping_address": w.id("address")},
        lambda w: {"shipping_address": w.id("address")},
    ),
    ("change_product", leave_alone, lambda w: {"product": "tea-C-1001"}, lambda w: {"product": "tea-C-1001"}),
    ("change_email_reminder", leave_alone, lambda w: {"reminder_days": 5}, lambda w: {}),
    ("change_email_reminder", leave_alone, lambda w: {"reminder_days": 6}, lambda w: {"reminder_days": 6}),
    (
        "update",
        leave_alone,
        lambda w: {"extra_data": '{"gift": true}', "offer": w.id("offer"), "price": "0.00"},
        lambda w: {"extra_data": {"gift": True}, "offer": w.id("offer"), "price": "0.00"},
    ),
    (
        "update",
        cancelled,
        lambda w: {"cancel_reason": "8 | too much", "price": 7.5},
        lambda w: {"cancel_reason": "8 | too much", "cancel_reason_code": 8, "price": "7.50"},
    ),
    (
        "upgrade_to_prepaid",
        eligible,
        lambda w: {"orders_per_billing": 3, "offer": "live"},
        lambda w: {"prepaid_subscription_context": CYCLE | {"prepaid_orders_remaining": 0}},
    ),
    (
        "upgrade_to_prepaid",
        eligible,
        lambda w: {"orders_per_billing": 3, "offer": w.id("offer"), "renewal_behavior": "cancel"},
        lambda w: {
            "offer": w.id("offer"),
            "prepaid_subscription_context": CYCLE | {"prepaid_orders_remaining": 0, "renewal_behavior": "cancel"},
        },
    ),
    (
        "cancel",
        paid_up,
        lambda w: {},
        lambda w: {"live": False, "cancelled": NOW_TEXT},
    ),
    (
        "change_renewal_behavior",
        prepaid,
        lambda w: {"renewal_behavior": "downgrade"},
        lambda w: {"prepaid_subscription_context": CYCLE | {"renewal_behavior": "downgrade"}},
    ),
    (
        "update_prepaid_context",
        prepaid,
        lambda w: {"orders_per_billing": 6, "orders_remaining": 4},
        lambda w: {
            "prepaid_subscription_context": CYCLE | {"prepaid_orders_per_billing": 6, "prepaid_orders_remaining": 4}
        },
    ),
]


STORED_WHEN_CANCELLED = {
    "change_quantity",
    "change_frequency",
    "change_payment",
    "change_shipping",
    "change_email_reminder",
}


@pytest.mark.parametrize(("verb", "prepare", "body", "changed"), CHANGES)
def test_a_change_answers_with_the_whole_object_as_it_then_is(
    api: Client, world: World, verb: str, prepare: Any, body: Any, changed: Any
) -> None:
    prepare(world)
    before = read(api, world, "subscriptions")
    answer = patch(api, world, f"subscriptions/{verb}", body(world))
    different = changed(world)
    assert answer.status_code == 200, answer.content
    assert list(answer.json()) == SUBSCRIPTION_KEYS
    assert answer.json() == before | different | ({"updated": NOW_TEXT} if different else {})
    assert read(api, world, "subscriptions") == answer.json()


@pytest.mark.parametrize(("verb", "prepare", "body", "changed"), CHANGES)
def test_the_same_change_once_more_changes_nothing(
    api: Client, world: World, verb: str, prepare: Any, body: Any, changed: Any
) -> None:
    if verb in ("cancel", "reactivate", "upgrade_to_prepaid"):
        return  # refused the second time
    prepare(world)
    first = patch(api, world, f"subscriptions/{verb}", body(world))
    counts = Activity.objects.count(), Event.objects.count()
    again = patch(api, world, f"subscriptions/{verb}", body(world))
    assert (again.status_code, again.json()) == (200, first.json())
    assert (Activity.objects.count(), Event.objects.count()) == counts


@pytest.mark.parametrize(
    ("verb", "body", "changed"), [(verb, *rest) for verb, _, *rest in CHANGES if verb in STORED_WHEN_CANCELLED]
)
def test_a_change_of_a_cancelled_subscription_is_just_stored(
    api: Client, world: World, verb: str, body: Any, changed: Any
) -> None:
    cancelled(world)
    before = read(api, world, "subscriptions")
    answer = patch(api, world, f"subscriptions/{verb}", body(world))
    different = changed(world)
    expected = before | different | ({"updated": NOW_TEXT} if different else {})
    assert (answer.status_code, answer.json()) == (200, expected)
    assert not Order.objects.exists()


def test_the_next_order_of_a_subscription_moves_without_the_others_on_it(api: Client, world: World) -> None:
    one_time(world)
    before = read(api, world, "subscriptions")
    answer = patch(api, world, "subscriptions/change_next_order_date", {"order_date": "2026-12-24"})
    assert (answer.status_code, answer.json()) == (200, before)
    moved = next_order(world.subscription)
    assert (moved.place_date, moved.items.count()) == (date(2026, 12, 24), 1)
    assert list(world.order.items.all()) == [world.item]


@pytest.mark.parametrize("verb", ["change_payment", "change_shipping"])
def test_a_payment_or_address_of_another_customer_or_out_of_use_is_refused(
    api: Client, world: World, verb: str
) -> None:
    key, row = ("payment", world.payment) if verb == "change_payment" else ("shipping_address", world.address)
    type(row).objects.filter(pk=row.pk).update(live=False)
    answer = patch(api, world, f"subscriptions/{verb}", {key: row.public_id.hex})
    assert is_refused(answer, {"detail": "This address or payment is inactive."}, "record_inactive")
    factory = PaymentFactory if key == "payment" else AddressFactory
    stranger = factory(customer=CustomerFactory(merchant=world.customer.merchant))
    answer = patch(api, world, f"subscriptions/{verb}", {key: stranger.public_id.hex})
    assert (answer.status_code, list(answer.json())) == (400, [key])


def test_changes_reach_the_upcoming_order(api: Client, world: World) -> None:
    patch(api, world, "subscriptions/change_quantity", {"quantity": 3})
    patch(api, world, "subscriptions/change_payment", {"payment": world.id("payment")})
    patch(api, world, "subscriptions/change_next_order_date", {"order_date": "2026-12-24"})
    patch(api, world, "subscriptions/change_frequency", {"every": 1, "every_period": 1})
    order = next_order(world.subscription)
    assert (order.pk, order.place_date, order.payment) == (world.order.pk, date(2026, 12, 24), world.payment)
    assert (order.sub_total, order.items.get().quantity) == (Decimal("37.50"), 3)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("update", {"price": "9.00"}),
        ("update", {"components": []}),
        ("update_prepaid_context", {"orders_remaining": 1}),
        ("update_prepaid_context", {"orders_per_billing": 4, "renewal_behavior": "cancel"}),
    ],
)
def test_a_storefront_may_not_change_prices_nor_the_prepaid_count(
    world: World, verb: str, body: dict[str, Any]
) -> None:
    prepaid(world)
    before = read_all_rows()
    answer = patch(signed(world.customer.merchant, "C-1001"), world, f"subscriptions/{verb}", body)
    assert (answer.status_code, answer.json()) == (403, {"detail": "Authentication Failed"})
    assert answer["X-Error-Code"] == "insufficient_scope"
    assert read_all_rows() == before


def test_a_prepaid_cycle_that_ends_with_no_order_left_cancels_the_subscription(api: Client, world: World) -> None:
    prepaid(world)
    body = {"orders_remaining": 0, "renewal_behavior": "cancel"}
    answer = patch(api, world, "subscriptions/update_prepaid_context", body).json()
    assert (answer["live"], answer["cancelled"]) == (False, NOW_TEXT)


def test_a_subscription_begins_with_an_open_order(api: Client, world: World) -> None:
    body = of_customer(world) | {"session_id": "s-1", "extra_data": '{"gift":1}', "price": "9.00"}
    answer = call(api, "post", "/api/subscriptions/iu", body)
    assert answer.status_code == 200, answer.content
    row = Subscription.objects.latest("id")
    assert answer.json() == read(api, world, "subscriptions") | {
        "public_id": row.public_id.hex,
        "product": "tea-C-1001",
        "offer": world.id("offer"),
        "payment": world.id("payment"),
        "shipping_address": world.id("address"),
        "raw_subscription_type": "IU replenishment",
        "quantity": 3,
        "price": "9.00",
        "every": 1,
        "every_period": 3,
        "frequency_days": 30,
        "start_date": "2026-11-20",
        "session_id": "s-1",
        "extra_data": {"gift": 1},
        "created": NOW_TEXT,
        "updated": NOW_TEXT,
    }
    assert row.items.get().order == world.order


def test_a_subscription_of_a_storefront_has_no_price_of_its_own(world: World) -> None:
    client = signed(world.customer.merchant, "C-1001")
    answer = call(client, "post", "/api/subscriptions/iu/", of_customer(world) | {"price": "1.00"})
    assert (answer.status_code, answer["X-Error-Code"]) == (403, "insufficient_scope")
    assert Subscription.objects.count() == 1


def test_a_subscription_cannot_begin_with_an_order_that_is_not_open(api: Client, world: World) -> None:
    lock(world)
    answer = call(api, "post", "/api/subscriptions/iu/", of_customer(world))
    assert is_refused(answer, {"detail": "This order can no longer be changed."}, "order_not_open")


def test_a_one_time_item_becomes_the_first_item_of_a_subscription(api: Client, world: World) -> None:
    one_time(world)
    body = {"item": world.id("item"), "every": 2, "every_period": 3}
    answer = call(api, "post", "/api/subscriptions/create_from_item/", body)
    row = Subscription.objects.latest("id")
    assert answer.status_code == 200
    assert answer.json() == read(api, world, "subscriptions") | {
        "public_id": row.public_id.hex,
        "product": "tea-C-1001",
        "raw_subscription_type": "IU replenishment",
        "quantity": 1,
        "every": 2,
        "every_period": 3,
        "frequency_days": 60,
        "start_date": "2026-11-20",
        "created": NOW_TEXT,
        "updated": NOW_TEXT,
    }
    assert row.items.get() == world.item
    again = call(api, "post", "/api/subscriptions/create_from_item/", body)
    assert is_refused(again, {"detail": "Only a one-time item can become a subscription."}, "not_one_time")


def test_an_item_of_an_order_that_is_not_open_becomes_no_subscription(api: Client, world: World) -> None:
    one_time(world)
    lock(world)
    body = {"item": world.id("item"), "every": 2, "every_period": 3}
    before = read_all_rows()
    answer = call(api, "post", "/api/subscriptions/create_from_item/", body)
    assert is_refused(answer, {"detail": "This order can no longer be changed."}, "order_not_open")
    assert read_all_rows() == before
