from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from subscriptions.models import Activity, Event, Merchant, OneTimeIncentive, Order, Subscription
from tests.api.catalogue.rows import create_incentive, read, send
from tests.factories import ProductFactory, subscription_with_order

DISCOUNT = {
    "name": "Sorry",
    "type": "Discount",
    "target": "order",
    "discount_type": "Discount Amount",
    "value": "5.00",
    "field": "sub_total",
}
CREATE = "/one_time_incentives/create/"


@pytest.fixture
def row(merchant: Merchant) -> Subscription:
    return subscription_with_order(customer__merchant=merchant)  # 2 of 12.50 each


@pytest.fixture
def body(row: Subscription) -> dict[str, Any]:
    order = row.items.get().order
    return {"customer": row.customer.merchant_user_id, "order": order.public_id.hex, "incentive": DISCOUNT}


def on_item(body: dict[str, Any], row: Subscription, **changed: Any) -> dict[str, Any]:
    terms = DISCOUNT | {"target": "item", "field": "total_price"} | changed
    rest = {name: value for name, value in body.items() if name != "order"}
    return rest | {"item": row.items.get().public_id.hex, "incentive": terms}


def total() -> Decimal:
    return Order.objects.get().total


def test_a_discount_is_created_and_counts_at_once(api: Client, row: Subscription, body: dict[str, Any]) -> None:
    more = {"expires": "2999-12-30", "external_code": "X", "description": "Late", "stacking_type": "additional"}
    status, created = send(api, "post", CREATE, body | more)
    assert status == 201
    assert read(api, f"/one_time_incentives/{created['public_id']}/") == (200, created)
    assert (created["expires"], created["stacking_type"], created["external_code"], created["description"]) == (
        "2999-12-30 00:00:00",
        "additional",
        "X",
        "Late",
    )
    assert (created["order"], created["item"]) == (body["order"], None)
    assert created["incentive"] == DISCOUNT | {
        "public_id": created["public_id"],
        "limit_policy": None,
        "limit_value": None,
        "threshold_field": None,
        "threshold_value": None,
    }
    assert total() == Decimal("20.00")
    activity = Activity.objects.get()
    assert (activity.verb, activity.actor_kind) == ("incentive.create", "api_key")
    assert not Event.objects.exists()


def test_an_item_can_have_a_discount(api: Client, row: Subscription, body: dict[str, Any]) -> None:
    sent = on_item(body, row, discount_type="Discount Percent", value=10, limit_policy="fixed", limit_value="1.50")
    status, created = send(api, "post", CREATE, sent)
    assert (status, created["item"], created["order"]) == (201, sent["item"], None)
    assert (created["incentive"]["limit_policy"], created["incentive"]["limit_value"]) == ("fixed", "1.50")
    assert total() == Decimal("23.50")


def test_a_gift_is_a_product(api: Client, merchant: Merchant, row: Subscription, body: dict[str, Any]) -> None:
    mug = ProductFactory(merchant=merchant, external_product_id="mug")
    gift = {"name": "Mug", "type": "Gift", "target": "order", "product": "mug"}
    status, created = send(api, "post", CREATE, body | {"incentive": gift})
    assert (status, created["incentive"]) == (201, gift | {"public_id": created["public_id"]})
    assert OneTimeIncentive.objects.get().product == mug


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"customer": None}, "customer"),
        ({"customer": "nobody"}, "customer"),
        ({"order": "0" * 32}, "order"),
        ({"expires": "soon"}, "expires"),
        ({"stacking_type": "other"}, "stacking_type"),
        ({"merchant": "0" * 32}, "merchant"),
        ({"incentive": None}, "incentive"),
        ({"incentive": {}}, "incentive name"),
        ({"incentive": DISCOUNT | {"type": "Free"}}, "incentive type"),
        ({"incentive": DISCOUNT | {"target": "shipping"}}, "incentive target"),
        ({"incentive": DISCOUNT | {"value": -1}}, "incentive value"),
        ({"incentive": DISCOUNT | {"discount_type": "Discount Percent", "value": "100.01"}}, "incentive value"),
        ({"incentive": DISCOUNT | {"field": "tax"}}, "incentive field"),
        ({"incentive": DISCOUNT | {"limit_policy": "fixed"}}, "incentive limit_value"),
        ({"incentive": DISCOUNT | {"threshold_value": 3}}, "incentive threshold_field"),
        ({"incentive": {"name": "x", "type": "Discount", "target": "order"}}, "incentive discount_type"),
        ({"incentive": {"name": "x", "type": "Gift", "target": "order"}}, "incentive product"),
        ({"incentive": {"name": "x", "type": "Gift", "target": "order", "product": "none"}}, "incentive product"),
    ],
)
def test_a_bad_value_is_refused_under_its_name(
    api: Client, body: dict[str, Any], changed: dict[str, Any], path: str
) -> None:
    status, errors = send(api, "post", CREATE, body | changed)
    assert status == 400
    for name in path.split():
        errors = errors[name]
    assert not OneTimeIncentive.objects.exists()


def test_exactly_one_order_or_item_is_named(api: Client, row: Subscription, body: dict[str, Any]) -> None:
    both = body | {"item": row.items.get().public_id.hex}
    assert send(api, "post", CREATE, both) == (400, {"item": ["Give an order or an item, not both."]})
    neither = {name: value for name, value in body.items() if name != "order"}
    assert send(api, "post", CREATE, neither) == (400, {"order": ["Give an order or an item."]})


def test_a_target_fits_its_place(api: Client, row: Subscription, body: dict[str, Any]) -> None:
    for sent in (
        on_item(body, row, target="order", field="sub_total"),
        on_item(body, row, field="sub_total"),
        body | {"incentive": DISCOUNT | {"field": "total_price"}},
        body | {"incentive": DISCOUNT | {"target": "item"}},
    ):
        status, answer = send(api, "post", CREATE, sent)
        assert (status, list(answer)) == (400, ["detail"])
    assert (
        send(api, "post", CREATE, body | {"incentive": DISCOUNT | {"target": "item", "field": "total_price"}})[0] == 201
    )


def test_another_customers_order_is_refused(api: Client, merchant: Merchant, body: dict[str, Any]) -> None:
    other = subscription_with_order(customer__merchant=merchant)
    status, answer = send(api, "post", CREATE, body | {"customer": other.customer.merchant_user_id})
    assert (status, answer) == (400, {"detail": "An incentive is for one order or one item of the customer."})


def test_a_placed_order_is_refused(api: Client, body: dict[str, Any]) -> None:
    Order.objects.update(status=5)
    assert send(api, "post", CREATE, body) == (400, {"detail": "This order can no longer be changed."})


def test_an_incentive_changes_until_it_is_applied(api: Client, row: Subscription) -> None:
    incentive = create_incentive(row.items.get().order)
    path = f"/one_time_incentives/{incentive.public_id.hex}/update/"
    status, changed = send(api, "patch", path, {"external_code": "Y", "incentive": {"name": "Very", "value": 3}})
    assert (status, changed["external_code"], changed["incentive"]["name"]) == (201, "Y", "Very")
    assert (changed["incentive"]["value"], total()) == ("3.00", Decimal("22.00"))
    assert send(api, "patch", path, {}) == (201, changed)
    item = row.items.get().public_id.hex
    status, moved = send(api, "patch", path, {"item": item})
    assert (status, moved["item"], moved["order"]) == (201, item, None)
    assert (moved["incentive"]["target"], moved["incentive"]["field"]) == ("item", "total_price")
    assert total() == Decimal("22.00")
    OneTimeIncentive.objects.update(applied_at=timezone.now())
    answer = api.patch(f"/api{path}", {"description": "x"}, content_type="application/json")
    sentence = "This incentive has been applied and can no longer change."
    assert (answer.status_code, answer.json(), answer["X-Error-Code"]) == (
        400,
        {"detail": sentence},
        "incentive_applied",
    )


def test_a_deleted_incentive_is_answered_once_more(api: Client, row: Subscription, body: dict[str, Any]) -> None:
    created = send(api, "post", CREATE, body)[1]
    path = f"/one_time_incentives/{created['public_id']}"
    assert send(api, "delete", f"{path}/delete/", **{"Idempotency-Key": "d"}) == (200, created)
    assert send(api, "delete", f"{path}/delete/", **{"Idempotency-Key": "d"}) == (200, created)
    assert total() == Decimal("25.00")
    assert read(api, f"{path}/") == (404, {"detail": "Not found"})
    assert send(api, "delete", f"{path}/delete/") == (404, {"detail": "Not found"})


def test_an_applied_incentive_cannot_be_deleted(api: Client, row: Subscription) -> None:
    incentive = create_incentive(row.items.get().order, applied_at=timezone.now())
    status, answer = send(api, "delete", f"/one_time_incentives/{incentive.public_id.hex}/delete/")
    assert (status, answer) == (400, {"detail": "This incentive has been applied and can no longer change."})


def test_a_repeated_create_makes_one(api: Client, body: dict[str, Any]) -> None:
    first = send(api, "post", CREATE, body, **{"Idempotency-Key": "k"})
    assert send(api, "post", CREATE, body, **{"Idempotency-Key": "k"}) == first
    assert OneTimeIncentive.objects.count() == 1
