from datetime import date
from decimal import Decimal

import pytest

from subscriptions.actions import item as verbs
from subscriptions.models import Customer, Item, Order, OrderStatus, Subscription
from tests.actions import contract
from tests.factories import STAFF, ItemFactory, ProductFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY, NEXT = date(2026, 12, 1), date(2026, 12, 15)
CREATE = "ordergroove.subscription.create"
FIRST = "ordergroove.subscriber.create"


@pytest.fixture
def subscription(noon):
    return subscription_with_order(DAY)


@pytest.fixture
def order(subscription):
    return Order.objects.get()


@pytest.fixture
def item(subscription):
    return Item.objects.get()


@pytest.fixture
def dark(subscription):
    return ProductFactory(merchant=subscription.merchant, name="Dark roast", price=Decimal(20))


def add_one_time_item(order, product) -> Item:
    return ItemFactory(order=order, subscription=None, one_time=True, product=product, quantity=1)


def order_total() -> Decimal:
    return Order.objects.get(place_date=DAY).total


def test_a_product_is_added_to_an_order_once(order, dark):
    act = contract.assert_emits([], lambda: verbs.add(order, actor=STAFF, product=dark, quantity=2))
    row = Item.objects.get(product=dark)
    assert act.result == row
    assert (row.one_time, row.subscription, row.quantity, row.price, row.total_price) == (True, None, 2, 20, 40)
    assert order_total() == Decimal(65)
    assert act.activity.sentence == "Added 2 × Dark roast to the order, once."


def test_a_product_is_added_with_a_subscription_that_starts_on_this_order(order, subscription, dark):
    Customer.objects.update(first_subscribed=subscription.created)
    act = contract.assert_emits(
        [CREATE],
        lambda: verbs.add_with_subscription(order, actor=STAFF, product=dark, quantity=1, every=1, every_period=3),
    )
    row = Subscription.objects.get(product=dark)
    assert (row.every, row.every_period, row.payment, row.raw_subscription_type) == (
        1,
        3,
        order.payment,
        "IU replenishment",
    )
    assert act.result == row.items.get() and act.result.order == order
    assert (act.result.upcoming, act.result.one_time, order_total()) == (True, False, Decimal(45))
    assert act.activity.sentence == "Subscribed to 1 × Dark roast, every month, from this order on."


def test_a_one_time_item_becomes_the_first_of_a_subscription(order, subscription, dark):
    Customer.objects.update(first_subscribed=subscription.created)
    added = add_one_time_item(order, dark)
    act = contract.assert_emits([CREATE], lambda: verbs.subscribe(added, actor=STAFF, every=2, every_period=2))
    added.refresh_from_db()
    assert act.result == added.subscription and not added.one_time
    contract.assert_refused("not_one_time", lambda: verbs.subscribe(added, actor=STAFF, every=2, every_period=2))


def test_an_items_quantity_price_and_product_change_in_this_order_only(item, subscription, dark):
    contract.assert_emits([], lambda: verbs.change_quantity(item, actor=STAFF, quantity=3))
    assert order_total() == Decimal("37.50")
    contract.assert_emits([], lambda: verbs.change_product(item, actor=STAFF, product=dark))
    assert order_total() == Decimal(60)
    contract.assert_emits([], lambda: verbs.change_price(item, actor=STAFF, price=Decimal("1.50")))
    assert order_total() == Decimal("4.50")
    item.refresh_from_db()
    assert (item.quantity, item.product, item.price, item.frozen) == (3, dark, Decimal("1.50"), True)
    row = Subscription.objects.get()
    assert (row.quantity, row.product, row.price) == (2, subscription.product, None)


def test_a_removed_subscription_item_reappears_at_its_next_date(item):
    act = contract.assert_emits([], lambda: verbs.remove(item, actor=STAFF))
    row = Item.objects.get()
    assert act.result == row != item
    assert (row.order.place_date, row.upcoming) == (NEXT, True)
    assert Order.objects.count() == 1


def test_a_removed_one_time_item_is_gone(order, dark, item):
    added = add_one_time_item(order, dark)
    act = contract.assert_emits([], lambda: verbs.remove(added, actor=STAFF))
    assert act.result is None and list(Item.objects.all()) == [item]
    assert order_total() == Decimal(25)


def test_removing_the_last_one_time_item_deletes_its_order(subscription, dark, order):
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.SUCCESS)
    Item.objects.update(upcoming=False)
    alone = add_one_time_item(Order.objects.create(**{**comparable_order(order), "place_date": NEXT}), dark)
    verbs.remove(alone, actor=STAFF)
    assert list(Order.objects.all()) == [order]


def comparable_order(order: Order) -> dict[str, object]:
    return {name: getattr(order, name) for name in ("merchant", "customer", "payment", "shipping_address")}


@pytest.mark.parametrize(
    "act",
    [
        lambda item: verbs.change_quantity(item, actor=STAFF, quantity=3),
        lambda item: verbs.change_price(item, actor=STAFF, price=Decimal(1)),
        lambda item: verbs.remove(item, actor=STAFF),
    ],
)
def test_the_item_of_a_prepaid_subscription_stays_as_it_is(act):
    prepaid = subscription_with_order(
        DAY, prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew"
    )
    contract.assert_refused("prepaid_fixed", lambda: act(prepaid.items.get()))


def test_the_item_of_a_prepaid_cycle_may_be_swapped_at_the_same_price_only():
    prepaid = subscription_with_order(
        DAY, prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew"
    )
    dear = ProductFactory(merchant=prepaid.merchant, price=Decimal(99))
    same = ProductFactory(merchant=prepaid.merchant, name="Decaf")
    contract.assert_refused(
        "price_differs", lambda: verbs.change_product(prepaid.items.get(), actor=STAFF, product=dear)
    )
    verbs.change_product(prepaid.items.get(), actor=STAFF, product=same)
    assert prepaid.items.get().product == same


@pytest.mark.parametrize(
    "act",
    [
        lambda item, dark: verbs.change_quantity(item, actor=STAFF, quantity=3),
        lambda item, dark: verbs.change_product(item, actor=STAFF, product=dark),
        lambda item, dark: verbs.remove(item, actor=STAFF),
        lambda item, dark: verbs.add(item.order, actor=STAFF, product=dark),
        lambda item, dark: verbs.add_with_subscription(
            item.order, actor=STAFF, product=dark, quantity=1, every=1, every_period=3
        ),
    ],
)
def test_an_order_that_is_being_placed_takes_no_changes(item, dark, act):
    Order.objects.update(status=OrderStatus.PENDING_PLACEMENT)
    Item.objects.update(upcoming=False)
    item.refresh_from_db()
    contract.assert_refused("order_not_open", lambda: act(item, dark))


def test_a_discontinued_or_foreign_product_is_not_added(order):
    gone = ProductFactory(merchant=order.merchant, discontinued=True, autoship_enabled=False, live=False)
    foreign = ProductFactory()
    contract.assert_refused("product_discontinued", lambda: verbs.add(order, actor=STAFF, product=gone))
    contract.assert_refused("not_found", lambda: verbs.add(order, actor=STAFF, product=foreign))


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_removals_one_acts(item):
    assert contract.run_twice_at_once(lambda: verbs.remove(item, actor=STAFF)) == ["done", "not_found"]
    assert Item.objects.count() == 1
