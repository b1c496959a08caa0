"""Each change of an order, by table 6.5 of the contract."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import Activity, Event, Order, OrderStatus, Product, Subscription
from tests.api.commerce.calls import ORDER_KEYS, is_refused, next_order, patch, read
from tests.api.commerce.world import (
    NOW,
    NOW_TEXT,
    World,
    add_second_order,
    leave_alone,
    one_time,
    with_status,
)
from tests.factories import AddressFactory, CustomerFactory, ItemFactory, PaymentFactory
from tests.rows import read_all_rows

S = OrderStatus
WAITING = with_status(S.AWAITING_RETRY_INSTRUCTIONS, rejected_error_code="140", rejected_message="Declined")
REJECTED = with_status(S.REJECTED, rejected_error_code="020", updated=NOW)
NO_LONGER = {"detail": "This order can no longer be changed."}
PAST = {"place": ["The date lies in the past; choose today or a later day."]}
CHANGES: list[Any] = [
    ("cancel", leave_alone, {}, {"status": 4, "cancelled": NOW_TEXT}),
    ("cancel", with_status(S.CREDIT_CARD_RETRY), {}, {"status": 4, "cancelled": NOW_TEXT}),
    ("cancel", with_status(S.GENERIC_ERROR_RESPONSE), {}, {"status": 4, "cancelled": NOW_TEXT}),
    ("send_now", leave_alone, {}, {"status": 6, "locked": True, "place": "2026-11-20 00:00:00"}),
    ("change_place_date", leave_alone, {"place": "2026-12-24 10:30:00"}, {"place": "2026-12-24 00:00:00"}),
    ("change_place_date", leave_alone, {"place": "2026-11-20T00:00:00"}, {"place": "2026-11-20 00:00:00"}),
    ("change_place_date", leave_alone, {"place": "2026-12-24"}, {"place": "2026-12-24 00:00:00"}),
    ("update", leave_alone, {"extra_data": {"gift": "yes"}}, {"extra_data": {"gift": "yes"}}),
    ("update", leave_alone, {"extra_data": '{"gift": "yes"}'}, {"extra_data": {"gift": "yes"}}),
    ("update", with_status(S.SUCCESS, locked=True), {"extra_data": {}}, {"extra_data": {}}),
    ("update", with_status(S.SUCCESS, extra_data={"a": 1}), {"extra_data": None}, {"extra_data": None}),
    (
        "update",
        with_status(S.MERGED, extra_data={"merged_order_id": "x", "a": 1}),
        {"extra_data": {"merged_order_id": "y"}},
        {"extra_data": {"merged_order_id": "x"}},
    ),
    ("rescue", REJECTED, {}, {"status": 18}),
    ("rescue", REJECTED, {"place": "2026-11-21 09:00:00"}, {"status": 18}),
    ("retry_instruction/retry", WAITING, {"place": "2026-11-21 09:00:00"}, {"status": 18}),
    ("retry_instruction/reject", WAITING, {}, {"status": 3}),
]


@pytest.mark.parametrize(("verb", "prepare", "body", "changed"), CHANGES)
def test_a_change_answers_with_the_whole_object_as_it_then_is(
    api: Client, world: World, verb: str, prepare: Any, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    prepare(world)
    before = read(api, world, "orders")
    answer = patch(api, world, f"orders/{verb}", body)
    assert answer.status_code == 200, answer.content
    assert list(answer.json()) == ORDER_KEYS
    assert answer.json() == before | changed | {"updated": NOW_TEXT}
    assert read(api, world, "orders") == answer.json()


@pytest.mark.parametrize(
    ("verb", "key", "kind"),
    [
        ("change_payment", "payment", "ordergroove.order.change_payment"),
        ("change_shipping", "shipping_address", "ordergroove.order.change_shipping_address"),
    ],
)
def test_an_order_gets_another_payment_or_address_and_the_subscription_keeps_its_own(
    api: Client, world: World, verb: str, key: str, kind: str
) -> None:
    orders, subscriptions = read(api, world, "orders"), read(api, world, "subscriptions")
    chosen = world.id("payment" if key == "payment" else "address")
    for _ in range(2):  # the second time, nothing changes
        answer = patch(api, world, f"orders/{verb}", {key: chosen})
        assert answer.json() == orders | {key: chosen, "updated": NOW_TEXT}
    assert read(api, world, "subscriptions") == subscriptions
    assert [event.kind for event in Event.objects.all()] == [kind]
    assert Activity.objects.count() == 1


def test_a_skipped_order_is_followed_by_the_next_one(api: Client, world: World) -> None:
    patch(api, world, "orders/cancel")
    assert next_order(world.subscription).place_date == date(2026, 12, 15)
    assert [event.kind for event in Event.objects.all()] == ["ordergroove.order.skip_order"]


def test_an_order_of_one_time_items_is_cancelled_and_none_follows(api: Client, world: World) -> None:
    other = add_second_order(world)
    world.order = other
    answer = patch(api, world, "orders/cancel").json()
    assert (answer["status"], answer["cancelled"]) == (4, NOW_TEXT)
    assert [event.kind for event in Event.objects.all()] == ["ordergroove.order.cancel"]
    assert Order.objects.count() == 2


def test_an_order_sent_now_is_followed_a_frequency_after_today(api: Client, world: World) -> None:
    patch(api, world, "orders/send_now")
    assert next_order(world.subscription).place_date == date(2026, 12, 4)


def test_an_order_whose_last_item_is_skipped_shows_its_last_state_and_is_gone(api: Client, world: World) -> None:
    before = read(api, world, "orders")
    answer = patch(api, world, "orders/skip_subscription", {"subscription": world.id("subscription")})
    zero = dict.fromkeys(("sub_total", "tax_total", "shipping_total", "discount_total", "total"), "0.00")
    assert (before["status"], before["sub_total"]) == (1, "25.00")
    assert (answer.status_code, answer.json()) == (200, before | zero)
    assert read(api, world, "orders") == {"detail": "Unable to find requested asset."}
    assert next_order(world.subscription).place_date == date(2026, 12, 15)


def test_the_rest_of_an_order_stays_when_one_subscription_skips_it(api: Client, world: World) -> None:
    one_time(world)
    before = read(api, world, "orders")
    answer = patch(api, world, "orders/skip_subscription", {"subscription": world.id("subscription")})
    assert answer.json() == before | {"sub_total": "12.50", "total": "12.50", "updated": NOW_TEXT}
    again = patch(api, world, "orders/skip_subscription", {"subscription": world.id("subscription")})
    said = {"subscription": ["This subscription has no item in this order."]}
    assert is_refused(again, said, "subscription_not_in_order")


@pytest.mark.parametrize("key", ["place", "payment", "shipping_address"])
def test_an_order_that_becomes_like_another_is_merged_into_it(api: Client, world: World, key: str) -> None:
    other = add_second_order(world)
    verb, body = {
        "place": ("change_place_date", {"place": "2026-12-24"}),
        "payment": ("change_payment", {"payment": world.id("payment")}),
        "shipping_address": ("change_shipping", {"shipping_address": world.id("address")}),
    }[key]
    column = {
        "place": {},
        "payment": {"payment": world.payment},
        "shipping_address": {"shipping_address": world.address},
    }
    Order.objects.filter(pk=other.pk).update(
        **column[key], place_date=date(2026, 12, 24) if key == "place" else world.order.place_date
    )
    before = read(api, world, "orders")
    answer = patch(api, world, f"orders/{verb}", body)
    zero = dict.fromkeys(("sub_total", "shipping_total", "discount_total", "total"), "0.00")
    merged = {"status": 17, "extra_data": {"merged_order_id": other.public_id.hex}, "updated": NOW_TEXT}
    assert answer.json() == before | zero | merged
    other.refresh_from_db()
    assert (other.items.count(), f"{other.sub_total:.2f}") == (2, "37.50")


# The statuses of the contract from which each change is possible.
ALLOWED = {
    "cancel": {1, 15, 18},
    "skip_subscription": {1},
    "send_now": {1},
    "change_place_date": {1},
    "change_payment": {1, 15, 18},
    "change_shipping": {1, 15, 18},
    "rescue": {3},
    "retry_instruction/retry": {19},
    "retry_instruction/reject": {19},
}


@pytest.mark.parametrize("verb", ALLOWED)
def test_a_change_of_an_order_with_another_status_or_that_is_locked_is_refused(
    api: Client, world: World, verb: str
) -> None:
    body = {
        "skip_subscription": {"subscription": world.id("subscription")},
        "change_place_date": {"place": "2026-12-24"},
        "change_payment": {"payment": world.id("payment")},
        "change_shipping": {"shipping_address": world.id("address")},
        "retry_instruction/retry": {"place": "2026-12-24"},
    }.get(verb, {})
    said: tuple[dict[str, Any], str] = (NO_LONGER, "order_not_open")
    if verb == "rescue":
        why = "This order cannot be rescued. Only a rejected order can be rescued."
        said = ({"detail": why}, "order_not_rescuable")
    elif verb.startswith("retry"):
        said = ({"detail": "This order does not wait for an instruction."}, "order_not_waiting")
    states = [(status, False) for status in S if status not in ALLOWED[verb]]
    if verb != "rescue":
        states += [(status, True) for status in ALLOWED[verb]]
    for status, locked in states:
        with_status(status, locked=locked)(world)
        before = read_all_rows()
        assert is_refused(patch(api, world, f"orders/{verb}", body), *said), (status, locked)
        assert read_all_rows() == before


@pytest.mark.parametrize(
    ("verb", "prepare", "body", "said", "code"),
    [
        ("change_place_date", leave_alone, {"place": "2026-11-19 23:59:59"}, PAST, "place_date_past"),
        ("rescue", REJECTED, {"place": "2026-11-20 11:58:00"}, PAST, "place_date_past"),
        ("retry_instruction/retry", WAITING, {"place": "2026-11-19"}, PAST, "place_date_past"),
        ("retry_instruction/retry", WAITING, {}, {"place": ["This field is required."]}, None),
        ("skip_subscription", leave_alone, {}, {"subscription": ["This field is required."]}, None),
        (
            "skip_subscription",
            leave_alone,
            {"subscription": "0" * 32},
            {"subscription": ["There is no such subscription."]},
            None,
        ),
        ("change_payment", leave_alone, {"payment": "x"}, {"payment": ["There is no such payment."]}, None),
        ("change_shipping", leave_alone, {}, {"shipping_address": ["This field is required."]}, None),
        ("change_place_date", leave_alone, {"place": "12/24/2026"}, None, None),
        ("rescue", REJECTED, {"place": "soon"}, None, None),
        ("update", leave_alone, {"extra_data": "x"}, {"extra_data": ["Invalid JSON extra_data: x"]}, None),
        (
            "update",
            leave_alone,
            {"extra_data": {"a": "\0"}},
            {"extra_data": ['Invalid JSON extra_data: {"a":"\\u0000"}']},
            None,
        ),
        ("update", leave_alone, {}, {"extra_data": ["This field is required."]}, None),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(
    api: Client,
    world: World,
    verb: str,
    prepare: Any,
    body: dict[str, Any],
    said: dict[str, Any] | None,
    code: str | None,
) -> None:
    prepare(world)
    before = read_all_rows()
    answer = patch(api, world, f"orders/{verb}", body)
    assert list(answer.json()) == list(said or body)
    assert is_refused(answer, said or answer.json(), code), (answer.status_code, answer.content)
    assert read_all_rows() == before


@pytest.mark.parametrize(("verb", "key"), [("change_payment", "payment"), ("change_shipping", "shipping_address")])
def test_an_order_takes_no_payment_or_address_that_is_out_of_use_or_another_customers(
    api: Client, world: World, verb: str, key: str
) -> None:
    row = world.payment if key == "payment" else world.address
    type(row).objects.filter(pk=row.pk).update(live=False)
    answer = patch(api, world, f"orders/{verb}", {key: row.public_id.hex})
    assert is_refused(answer, {"detail": "This address or payment is inactive."}, "record_inactive")
    factory = PaymentFactory if key == "payment" else AddressFactory
    other = factory(customer=CustomerFactory(merchant=world.customer.merchant))
    before = read_all_rows()
    answer = patch(api, world, f"orders/{verb}", {key: other.public_id.hex})
    assert (answer.status_code, list(answer.json())) == (400, [key])
    assert read_all_rows() == before


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, None),
        ({"status": S.UNSENT}, "Only a rejected order can be rescued."),
        ({"rejected_error_code": "810"}, "A later order was sent in its place."),
        ({"tried_at": NOW - timedelta(days=90)}, None),
        ({"tried_at": NOW - timedelta(days=90, seconds=1)}, "It was rejected more than 90 days ago."),
        ({"locked": True}, None),
    ],
)
def test_whether_an_order_can_be_rescued(
    api: Client, world: World, columns: dict[str, Any], reason: str | None
) -> None:
    REJECTED(world)
    Order.objects.filter(pk=world.order.pk).update(**columns)
    answer = api.get(f"/api/orders/{world.id('order')}/rescuable_check/")
    assert (answer.status_code, answer.json()) == (200, {"rescuable": reason is None, "reason": reason})


def test_an_order_of_a_cancelled_subscription_or_with_a_later_placed_one_is_not_rescued(
    api: Client, world: World
) -> None:
    REJECTED(world)
    address = f"/api/orders/{world.id('order')}/rescuable_check/"
    row = world.subscription
    later = ItemFactory(order__customer=row.customer, subscription=row, first_placed=NOW, upcoming=False)
    assert api.get(address).json() == {"rescuable": False, "reason": "A later order of it was placed."}
    later.order.delete()
    Subscription.objects.filter(pk=row.pk).update(cancelled=NOW)
    said = {"rescuable": False, "reason": "A subscription of it is cancelled."}
    assert api.get(address).json() == said
    answer = patch(api, world, "orders/rescue")
    detail = {"detail": f"This order cannot be rescued. {said['reason']}"}
    assert is_refused(answer, detail, "order_not_rescuable")


def test_an_order_says_on_request_whether_it_has_a_plan_but_not_after_a_change(api: Client, world: World) -> None:
    Product.objects.filter(pk=world.coffee.pk).update(product_type="plan")
    address = f"/api/orders/{world.id('order')}/?include_has_plan=true"
    assert list(api.get(address).json()) == [*ORDER_KEYS, "has_plan"]
