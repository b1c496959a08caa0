from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from subscriptions.actions import upcoming_order as verbs
from subscriptions.actions.order import change_date
from subscriptions.actions.subscription import cancel
from subscriptions.models import Item, Order, OrderStatus, Payment, Product, Subscription
from tests.actions import contract
from tests.factories import STAFF, ItemFactory, ProductFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY, NEXT = date(2026, 11, 20), date(2026, 12, 4)
REMINDER = "ordergroove.order.reminder"
CARD = "ordergroove.order.credit_card_expiration_warning"
STOCK = "ordergroove.item.out_of_stock"


@pytest.fixture
def subscription(noon):
    return subscription_with_order(DAY)


@pytest.fixture
def order(subscription):
    return Order.objects.get()


def item_prices() -> list[Decimal]:
    return list(Item.objects.order_by("id").values_list("price", flat=True))


def test_a_reminder_has_the_current_prices(order):
    Product.objects.update(price=Decimal(15))
    act = contract.assert_emits([REMINDER], lambda: verbs.remind(order, actor=STAFF))
    assert item_prices() == [Decimal(15)]
    assert act.events[0].payload["total"] == 30.0


def test_an_order_is_reminded_once_per_date_unless_repeated_by_hand(order):
    contract.assert_emits([REMINDER], lambda: verbs.remind(order, actor=STAFF))
    contract.assert_refused("order_reminded", lambda: verbs.remind(order, actor=STAFF))
    contract.assert_emits([REMINDER], lambda: verbs.remind(order, actor=STAFF, again=True))
    change_date(order, day=NEXT, actor=STAFF)
    contract.assert_emits([REMINDER], lambda: verbs.remind(order, actor=STAFF))
    assert Order.objects.get().reminded_for == NEXT


def test_a_card_that_expires_before_the_order_is_announced(order):
    Payment.objects.update(expires_on=DAY)  # valid on the order's own day
    contract.assert_refused("card_outlives_order", lambda: verbs.warn_of_card(order, day=DAY, actor=STAFF))
    Payment.objects.update(expires_on=date(2026, 11, 19))
    contract.assert_emits([CARD], lambda: verbs.warn_of_card(order, day=DAY, actor=STAFF))
    contract.assert_refused("card_warned_of", lambda: verbs.warn_of_card(order, day=DAY, actor=STAFF))
    contract.assert_emits([CARD], lambda: verbs.warn_of_card(order, day=NEXT, actor=STAFF))
    Payment.objects.update(expires_on=None)
    contract.assert_refused("card_outlives_order", lambda: verbs.warn_of_card(order, day=NEXT, actor=STAFF))


def test_a_queued_order_already_has_its_next_one(order):
    act = contract.assert_emits([], lambda: verbs.queue(order, actor=STAFF))
    order.refresh_from_db()
    assert (order.status, order.tries) == (OrderStatus.PENDING_PLACEMENT, 1)
    assert order.tried_at == datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert act.result == [Item.objects.get(upcoming=True)]
    assert act.result[0].order.place_date == NEXT


@pytest.mark.parametrize(("then", "charged"), [("15", "12.50"), ("10", "10")])
def test_the_lower_of_reminded_and_current_price_is_charged(order, then, charged):
    Product.objects.update(price=Decimal(then))
    verbs.queue(order, actor=STAFF)
    assert Item.objects.get(order=order).price == Decimal(charged)


def test_a_locked_price_and_one_set_by_hand_are_charged_as_they_are(order):
    Subscription.objects.update(price=Decimal(14))
    verbs.queue(order, actor=STAFF)
    assert Item.objects.get(order=order).price == Decimal(14)
    upcoming = Order.objects.get(status=OrderStatus.UNSENT)
    upcoming.items.update(price=Decimal(99), frozen=True)
    verbs.queue(upcoming, actor=STAFF)
    assert Item.objects.get(order=upcoming).price == Decimal(99)


def test_items_out_of_stock_wait_in_a_separate_order(subscription, order):
    gone = ProductFactory(merchant=subscription.merchant, name="Decaf", live=False)
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address")}
    other = subscription_with_order(DAY, product=gone, quantity=1, **same)
    ItemFactory(order=order, subscription=None, one_time=True, product=gone, quantity=1)

    act = contract.assert_emits([STOCK, STOCK], lambda: verbs.set_aside(order, actor=STAFF))

    waiting = act.result
    assert (waiting.oos_free_shipping, waiting.place_date, waiting.total) == (True, DAY, Decimal("25.00"))
    assert [item.subscription for item in waiting.items.order_by("pk")] == [other, None]
    assert [item.subscription for item in order.items.all()] == [subscription]
    assert other.items.get(upcoming=True).order.place_date == NEXT
    assert act.events[0].payload["product"]["name"] == "Decaf"
    assert act.events[0].subscription == other
    contract.assert_refused("nothing_out_of_stock", lambda: verbs.set_aside(order, actor=STAFF))


def test_an_order_with_nothing_in_stock_waits_itself_and_ends_with_its_subscription(subscription, order):
    Product.objects.update(live=False)
    act = contract.assert_emits([STOCK], lambda: verbs.set_aside(order, actor=STAFF))
    assert act.result == order
    assert act.activity.sentence == "Out of stock for the order of November 20, 2026: House blend (day 0)."
    contract.assert_refused("nothing_out_of_stock", lambda: verbs.set_aside(order, actor=STAFF))
    assert Order.objects.get(oos_free_shipping=True) == order
    cancel(subscription, actor=STAFF)
    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELLED
    assert not Order.objects.filter(status=OrderStatus.UNSENT).exists()


def order_waiting_since(day: date, tried_on: date = DAY) -> Order:
    """The only order, all of it out of stock."""
    Product.objects.update(live=False)
    order = verbs.set_aside(Order.objects.get(), actor=STAFF).result
    order.items.update(out_of_stock_since=day, out_of_stock_on=tried_on)
    return order


@pytest.mark.parametrize(("days", "tried_on"), [(29, DAY), (30, DAY - timedelta(days=1))])
def test_an_item_waits_for_stock_until_the_try_of_the_thirtieth_day(order, days, tried_on):
    waiting = order_waiting_since(DAY - timedelta(days=days), tried_on)
    contract.assert_refused("order_waits_on", lambda: verbs.stop_waiting(waiting, actor=STAFF))


@pytest.mark.parametrize(("days", "tried_on"), [(30, DAY), (31, DAY - timedelta(days=2))])
def test_its_wait_is_over_after_that_try_or_that_day(order, days, tried_on):
    waiting = order_waiting_since(DAY - timedelta(days=days), tried_on)
    contract.assert_emits([], lambda: verbs.stop_waiting(waiting, actor=STAFF))
    assert [row.place_date for row in Order.objects.all()] == [NEXT]


def test_an_item_waits_until_the_next_one_of_its_subscription_is_due(order):
    waiting = order_waiting_since(DAY)
    upcoming = Order.objects.exclude(pk=waiting.pk)
    upcoming.update(place_date=DAY + timedelta(days=1))
    contract.assert_refused("order_waits_on", lambda: verbs.stop_waiting(waiting, actor=STAFF))
    upcoming.update(place_date=DAY)
    verbs.stop_waiting(waiting, actor=STAFF)
    assert not Order.objects.filter(pk=waiting.pk).exists()


def test_only_an_order_that_waits_for_stock_can_stop_waiting(order):
    contract.assert_refused("order_not_waiting_for_stock", lambda: verbs.stop_waiting(order, actor=STAFF))


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_placements_one_acts(order):
    assert contract.run_twice_at_once(lambda: verbs.queue(order, actor=STAFF)) == ["done", "order_not_due"]
    assert Item.objects.filter(upcoming=True).count() == 1
