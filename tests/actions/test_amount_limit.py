"""A request may ask for lines and orders of at most 9,999,999,999.99; jobs go on whatever an order has come to cost."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from subscriptions.actions import item, order, placement_results, prepaid, subscription, upcoming_order
from subscriptions.actions.checkout import Line, checkout, create
from subscriptions.models import Customer, Event, Item, Order, OrderStatus, Product, ProductGroup, Subscription
from tests.actions.contract import assert_refused
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    PaymentFactory,
    ProductFactory,
    subscription_with_order,
)
from tests.jobs.situations import run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
LARGEST = Decimal("9999999999.99")
HALF = Decimal("5000000000.00")
CENT = Decimal("0.01")
DAY, LATER = date(2026, 12, 4), date(2026, 12, 9)
CREATED, CREATED_ALL = "ordergroove.subscription.create", "ordergroove.subscriber.subscriptions_created"
Act = Callable[[], Any]


@pytest.fixture
def known() -> Subscription:
    """Its upcoming order costs half of the limit."""
    return subscription_with_order(DAY, quantity=1, product__price=HALF)


def product_at(known: Subscription, price: Decimal) -> Product:
    return ProductFactory(merchant=known.merchant, price=price)


def sibling(known: Subscription, price: Decimal, day: date = DAY, **fields: Any) -> Subscription:
    """One unit at `price`, for the same customer, payment and address."""
    same = {name: getattr(known, name) for name in ("customer", "payment", "shipping_address")}
    return subscription_with_order(day, **{"quantity": 1, "product": product_at(known, price), **same, **fields})


def add_item(known: Subscription, price: Decimal) -> Act:
    return partial(item.add, Order.objects.get(), actor=STAFF, product=product_at(known, price))


def add_item_with_subscription(known: Subscription, price: Decimal) -> Act:
    wanted = {"product": product_at(known, price), "quantity": 1, "every": 1, "every_period": 3}
    return partial(item.add_with_subscription, Order.objects.get(), actor=STAFF, **wanted)


def create_subscription(known: Subscription, price: Decimal) -> Act:
    line = Line(product_at(known, price), 1, 1, 3, first_date=DAY)
    given = {"payment": known.payment, "address": known.shipping_address}
    return partial(create, known.customer, actor=STAFF, line=line, **given)


def merge_orders(known: Subscription, price: Decimal) -> Act:
    return partial(order.change_date, sibling(known, price, LATER).items.get().order, actor=STAFF, day=DAY)


def move_item(known: Subscription, price: Decimal) -> Act:
    moved = sibling(known, price, LATER)
    sibling(known, CENT, LATER)  # so that the item leaves its order alone
    return partial(subscription.change_next_order_date, moved, actor=STAFF, day=DAY)


def lock_price(known: Subscription, price: Decimal) -> Act:
    return partial(subscription.change_price, sibling(known, CENT), actor=STAFF, price=price)


def change_item_price(known: Subscription, price: Decimal) -> Act:
    return partial(item.change_price, sibling(known, CENT).items.get(), actor=STAFF, price=price)


def swap_product(known: Subscription, price: Decimal) -> Act:
    return partial(subscription.change_product, sibling(known, CENT), actor=STAFF, product=product_at(known, price))


def swap_item(known: Subscription, price: Decimal) -> Act:
    own = sibling(known, CENT).items.get()
    return partial(item.change_product, own, actor=STAFF, product=product_at(known, price))


def reactivate(known: Subscription, price: Decimal) -> Act:
    cancelled = sibling(known, price, LATER)
    subscription.cancel(cancelled, actor=STAFF)
    return partial(subscription.reactivate, cancelled, actor=STAFF, next_order_date=DAY)


@pytest.mark.parametrize(("price", "fits"), [(LARGEST - HALF, True), (LARGEST - HALF + CENT, False)])
@pytest.mark.parametrize(
    "prepare",
    [
        *(add_item, add_item_with_subscription, create_subscription, merge_orders, move_item),
        *(lock_price, change_item_price, swap_product, swap_item, reactivate),
    ],
)
def test_an_order_may_come_to_the_limit_and_to_no_cent_more(known, prepare, price, fits):
    act = prepare(known, price)
    if not fits:
        assert_refused("amount_too_large", act)
        return
    act()
    assert Order.objects.get(place_date=DAY).total == LARGEST


@pytest.mark.parametrize(("price", "fits"), [("3333333333.33", True), ("3333333333.34", False)])
@pytest.mark.parametrize("verb", [subscription.change_quantity, item.change_quantity])
def test_a_quantity_may_bring_an_order_to_the_limit(verb, price, fits):
    own = subscription_with_order(DAY, quantity=1, product__price=Decimal(price))
    act = partial(verb, own if verb is subscription.change_quantity else own.items.get(), actor=STAFF, quantity=3)
    if not fits:
        assert_refused("amount_too_large", act)
        return
    act()
    assert Order.objects.get().total == LARGEST


@pytest.mark.parametrize(("price", "fits"), [("3333333333.33", True), ("3333333333.34", False)])
def test_a_prepaid_cycle_may_charge_the_limit_and_no_cent_more(price, fits):
    own = subscription_with_order(DAY, quantity=1, product__price=Decimal(price))
    group = ProductGroup.objects.create(merchant=own.merchant, group_type="eligibility", name="prepaid")
    own.product.groups.add(group)
    act = partial(prepaid.upgrade, own, actor=STAFF, orders_per_billing=3)
    if not fits:
        assert_refused("amount_too_large", act)
        return
    act()
    assert Order.objects.get().total == LARGEST


@pytest.mark.parametrize(("price", "fits"), [("3333333333.33", True), ("3333333333.34", False)])
def test_a_cycle_that_a_checkout_has_paid_counts_with_what_its_renewal_charges(known, price, fits):
    line = Line(product_at(known, Decimal(price)), 1, 1, 3, first_date=LATER, orders_per_billing=3)
    given = {"payment": known.payment, "address": known.shipping_address, "merchant_order_id": "1224"}
    act = partial(checkout, known.customer, actor=STAFF, lines=[line], **given)
    if not fits:
        assert_refused("nothing_subscribed", act)
        return
    assert isinstance(act().result[0], Subscription)


def check_out(customer: Customer, lines: list[Line]) -> list[Any]:
    given = {"payment": PaymentFactory(customer=customer), "address": AddressFactory(customer=customer)}
    return checkout(customer, actor=STAFF, lines=lines, merchant_order_id="1224", **given).result


def test_a_line_that_is_too_expensive_leaves_the_others_of_its_checkout_alone(known):
    lines = [Line(product_at(known, price), 1, 1, 3, first_date=LATER) for price in (HALF, HALF, HALF - CENT)]
    results = check_out(known.customer, lines)
    assert [getattr(each, "code", "") for each in results] == ["", "amount_too_large", ""]
    assert Order.objects.get(place_date=LATER).total == LARGEST
    assert event_kinds() == [CREATED, CREATED, CREATED_ALL]


def test_a_first_line_that_is_too_expensive_leaves_the_first_subscription_to_the_next_line(known):
    new = CustomerFactory(merchant=known.merchant)
    results = check_out(new, [Line(product_at(known, price), 2, 1, 3) for price in (HALF, CENT)])
    assert results[0].code == "amount_too_large"
    assert list(Subscription.objects.filter(customer=new)) == results[1:]
    assert event_kinds() == [CREATED, "ordergroove.subscriber.create", CREATED_ALL]


def event_kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def raise_price(to: Decimal) -> None:
    Product.objects.update(price=to)


@pytest.mark.parametrize("act", [upcoming_order.queue, order.send_now, order.skip])
def test_an_order_is_handed_over_however_much_the_next_one_has_come_to_cost(act):
    own = subscription_with_order(date(2026, 11, 20), quantity=32767, product__price=Decimal("0.01"))
    raise_price(LARGEST)
    act(own.items.get().order, actor=STAFF)
    assert Item.objects.get(upcoming=True).order.total == LARGEST * 32767


def test_a_reminder_goes_out_however_much_its_order_has_come_to_cost():
    own = subscription_with_order(date(2026, 11, 25), quantity=32767, product__price=Decimal("0.01"))
    raise_price(LARGEST)
    assert run_job("reminders", own.merchant) == 1
    assert Order.objects.get().total == LARGEST * 32767


def test_a_placed_order_is_recorded_however_much_the_next_cycle_has_come_to_cost():
    cycle = {"prepaid_orders_per_billing": 12, "prepaid_orders_remaining": 1, "renewal_behavior": "autorenew"}
    own = subscription_with_order(date(2026, 11, 20), quantity=32767, product__price=Decimal("0.01"), **cycle)
    upcoming_order.queue(own.items.get().order, actor=STAFF)
    Item.objects.filter(upcoming=True).update(price=LARGEST)
    placement_results.succeed(
        Order.objects.get(status=OrderStatus.PENDING_PLACEMENT), actor=STAFF, order_merchant_id="1"
    )
    assert Item.objects.get(upcoming=True).order.total == LARGEST * 32767 * 12
