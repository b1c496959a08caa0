"""Each change of an item, by table 6.6 of the contract."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import Item, Order, OrderStatus, Product
from tests.api.commerce.calls import ITEM_KEYS, call, is_refused, next_order, patch, read, signed
from tests.api.commerce.world import (
    NOW_TEXT,
    World,
    add_second_order,
    leave_alone,
    new_item,
    one_time,
    prepaid,
    product,
    with_status,
)
from tests.factories import CustomerFactory, PaymentFactory
from tests.rows import read_all_rows

NO_LONGER = {"detail": "This order can no longer be changed."}
FIXED = {"detail": "A prepaid subscription does not allow this change."}
TOO_MUCH = ["This comes to more than 9,999,999,999.99; choose a lower quantity or price."]


@pytest.mark.parametrize(
    ("verb", "body", "changed"),
    [
        ("change_quantity", {"quantity": 5}, {"quantity": 5, "total_price": "62.50"}),
        ("change_price", {"price": "9.00"}, {"price": "9.00", "total_price": "18.00", "frozen": True}),
        ("change_price", {"price": 0}, {"price": "0.00", "total_price": "0.00", "frozen": True}),
        ("change_product", {"product": "tea-C-1001"}, {"product": "tea-C-1001"}),
    ],
)
def test_a_change_answers_with_the_whole_object_and_concerns_this_order_only(
    api: Client, world: World, verb: str, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    before, subscription = read(api, world, "items"), read(api, world, "subscriptions")
    for _ in range(2):  # the second time, nothing changes
        answer = patch(api, world, f"items/{verb}", body)
        assert answer.status_code == 200, answer.content
        assert list(answer.json()) == ITEM_KEYS
        assert answer.json() == before | changed | {"order_updated": NOW_TEXT}
        assert read(api, world, "items") == answer.json()
    assert read(api, world, "subscriptions") == subscription
    total = Order.objects.get().sub_total
    assert f"{total:.2f}" == answer.json()["total_price"]


def test_a_product_is_added_to_an_order_once(api: Client, world: World) -> None:
    body = {"order": world.id("order"), "quantity": 3, "contexts": {"page": "cart"}, **product(world)}
    answer = call(api, "post", "/api/items/iu/", body)
    row = Item.objects.latest("id")
    assert (answer.status_code, list(answer.json())) == (200, ITEM_KEYS)
    assert answer.json() == read(api, world, "items") | {
        "public_id": row.public_id.hex,
        "subscription": None,
        "product": "tea-C-1001",
        "quantity": 3,
        "total_price": "37.50",
        "one_time": True,
        "order_updated": NOW_TEXT,
    }
    assert Order.objects.get().sub_total == Decimal("62.50")


def test_an_item_for_a_day_makes_a_new_order_and_the_next_one_joins_it(api: Client, world: World) -> None:
    orders = []
    for quantity in (3, 1):
        answer = call(api, "post", "/api/items/create/", new_item(world) | {"quantity": quantity})
        assert (answer.status_code, list(answer.json())) == (200, ITEM_KEYS)
        orders.append(answer.json()["order"])
    made = Order.objects.latest("id")
    assert orders == [made.public_id.hex] * 2
    assert (made.place_date, made.payment, made.shipping_address) == (date(2026, 12, 24), world.payment, world.address)
    assert (made.sub_total, made.status) == (Decimal("50.00"), 1)
    item = made.items.order_by("id").first()
    assert (item.one_time, item.subscription, item.offer, item.quantity) == (True, None, world.offer, 3)


def test_an_item_for_the_day_of_an_open_order_with_this_payment_and_address_joins_it(api: Client, world: World) -> None:
    row = world.subscription
    where = {"payment_id": row.payment.public_id.hex, "shipping_id": row.shipping_address.public_id.hex}
    body = new_item(world) | where | {"place_date": "12/01/2026", "merchant_id": row.merchant.public_id.hex}
    assert call(api, "post", "/api/items/create/", body).json()["order"] == world.id("order")
    assert Order.objects.get().sub_total == Decimal("62.50")


def test_an_item_may_be_for_today(api: Client, world: World) -> None:
    assert call(api, "post", "/api/items/create/", new_item(world) | {"place_date": "11/20/2026"}).status_code == 200


@pytest.mark.parametrize(
    ("bad", "said", "code"),
    [
        (
            {"place_date": "11/19/2026"},
            {"place_date": ["The date lies in the past; choose today or a later day."]},
            "place_date_past",
        ),
        ({"place_date": "2026-12-24"}, None, None),
        ({"place_date": "13/01/2026"}, None, None),
        ({"place_date": "01/01/3000"}, None, None),
        ({"quantity": 0}, None, None),
        ({"customer_id": "nobody"}, {"customer_id": ["There is no such customer."]}, None),
        ({"product_id": "milk"}, {"product_id": ["There is no such product."]}, None),
        ({"offer_id": "0" * 32}, {"offer_id": ["There is no such offer."]}, None),
        ({"payment_id": "0" * 32}, {"payment_id": ["There is no such payment."]}, None),
        ({"merchant_id": "0" * 32}, {"merchant_id": ["It is not the merchant the credential belongs to."]}, None),
    ],
)
def test_a_bad_item_is_refused_under_its_name(
    api: Client, world: World, bad: dict[str, Any], said: dict[str, Any] | None, code: str | None
) -> None:
    before = read_all_rows()
    answer = call(api, "post", "/api/items/create/", new_item(world) | bad)
    assert (answer.status_code, list(answer.json()), answer.get("X-Error-Code")) == (400, list(bad), code)
    assert said in (None, answer.json())
    assert read_all_rows() == before


def test_an_item_needs_all_that_the_contract_names(api: Client, world: World) -> None:
    required = ["This field is required."]
    names = set(new_item(world))
    assert call(api, "post", "/api/items/create/", {}).json() == dict.fromkeys(names, required)
    names = {"order", "product", "quantity"}
    assert call(api, "post", "/api/items/iu/", {}).json() == dict.fromkeys(names, required)


def test_an_item_is_for_one_customer(api: Client, world: World) -> None:
    other = PaymentFactory(customer=CustomerFactory(merchant=world.customer.merchant, merchant_user_id="C-2"))
    body = new_item(world) | {"payment_id": other.public_id.hex}
    answer = call(api, "post", "/api/items/create/", body)
    assert is_refused(answer, {"payment_id": ["It belongs to another customer."]}, None)
    answer = call(signed(world.customer.merchant, "C-2"), "post", "/api/items/create/", new_item(world))
    assert (answer.status_code, answer.json()["customer_id"]) == (400, ["There is no such customer."])


CALLS: dict[str, Any] = {
    "iu": lambda w: ("post", "/api/items/iu/", {"order": w.id("order"), "quantity": 1, **product(w)}),
    "change_quantity": lambda w: ("patch", f"/api/items/{w.id('item')}/change_quantity/", {"quantity": 5}),
    "change_price": lambda w: ("patch", f"/api/items/{w.id('item')}/change_price/", {"price": "9.00"}),
    "change_product": lambda w: ("patch", f"/api/items/{w.id('item')}/change_product/", product(w)),
    "delete": lambda w: ("delete", f"/api/items/{w.id('item')}/delete/", ""),
}


@pytest.mark.parametrize("verb", CALLS)
def test_items_of_an_order_that_is_not_open_stay_as_they_are(api: Client, world: World, verb: str) -> None:
    states = [(status, False) for status in OrderStatus if status != OrderStatus.UNSENT]
    for status, locked in [*states, (OrderStatus.UNSENT, True)]:
        with_status(status, locked=locked)(world)
        before = read_all_rows()
        assert is_refused(call(api, *CALLS[verb](world)), NO_LONGER, "order_not_open"), (status, locked)
        assert read_all_rows() == before


@pytest.mark.parametrize("verb", ["change_quantity", "change_price", "delete"])
def test_items_of_a_prepaid_subscription_stay_as_they_are(api: Client, world: World, verb: str) -> None:
    prepaid(world)
    before = read_all_rows()
    assert is_refused(call(api, *CALLS[verb](world)), FIXED, "prepaid_fixed")
    assert read_all_rows() == before


@pytest.mark.parametrize(
    ("verb", "field"), [("iu", "quantity"), ("change_quantity", "quantity"), ("change_product", "product")]
)
def test_an_order_that_would_cost_too_much_is_refused(api: Client, world: World, verb: str, field: str) -> None:
    Product.objects.update(price=Decimal("9999999999.99"))
    Item.objects.update(price=Decimal("5000000000"))
    before = read_all_rows()
    assert is_refused(call(api, *CALLS[verb](world)), {field: TOO_MUCH}, "amount_too_large")
    assert read_all_rows() == before


def test_a_product_that_is_discontinued_is_refused(api: Client, world: World) -> None:
    Product.objects.filter(pk=world.tea.pk).update(discontinued=True, live=False, autoship_enabled=False)
    for verb in ("iu", "change_product"):
        answer = call(api, *CALLS[verb](world))
        assert is_refused(answer, {"product": ["This product is discontinued."]}, None)
    answer = call(api, "post", "/api/items/create/", new_item(world))
    assert is_refused(answer, {"product_id": ["This product is discontinued."]}, None)


@pytest.mark.parametrize("name", ["payment", "address"])
def test_an_item_is_ordered_with_a_payment_and_address_in_use(api: Client, world: World, name: str) -> None:
    row = getattr(world, name)
    type(row).objects.filter(pk=row.pk).update(live=False)
    before = read_all_rows()
    answer = call(api, "post", "/api/items/create/", new_item(world))
    assert is_refused(answer, {"detail": "This address or payment is inactive."}, "record_inactive")
    assert read_all_rows() == before


def test_the_product_of_a_prepaid_item_may_be_swapped_for_one_of_the_same_price(api: Client, world: World) -> None:
    prepaid(world)
    assert call(api, *CALLS["change_product"](world)).json()["product"] == "tea-C-1001"
    Product.objects.filter(pk=world.coffee.pk).update(price=Decimal("12.49"))
    answer = patch(api, world, "items/change_product", {"product": "coffee-C-1001"})
    detail = {"detail": "While prepaid orders remain, the new product must cost the same."}
    assert is_refused(answer, detail, "price_differs")


def test_the_item_of_a_subscription_is_made_anew_at_its_next_date(api: Client, world: World) -> None:
    answer = call(api, *CALLS["delete"](world))
    assert (answer.status_code, answer.content) == (204, b"")
    assert next_order(world.subscription).place_date == date(2026, 12, 15)
    for room in ("items", "orders"):
        assert read(api, world, room) == {"detail": "Unable to find requested asset."}


@pytest.mark.parametrize("prepare", [one_time, leave_alone])
def test_a_one_time_item_just_goes(api: Client, world: World, prepare: Any) -> None:
    if prepare is leave_alone:  # alone in its order, which goes with it
        world.order = add_second_order(world)
        world.item = world.order.items.get()
    prepare(world)
    assert call(api, *CALLS["delete"](world)).status_code == 204
    assert Item.objects.get().subscription == world.subscription
    assert Order.objects.count() == 1
