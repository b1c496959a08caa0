from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subscriptions.actions import upcoming_order
from subscriptions.models import Event, Item, Order, OrderStatus, Product, Subscription
from tests import factories as f
from tests.jobs.situations import DAY, create_order, run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def waiting(noon: Any) -> Order:
    """An order that waits for stock since DAY; its subscription comes every three months."""
    made = create_order()
    Subscription.objects.update(every=3, every_period=3)
    Product.objects.update(live=False)
    upcoming_order.set_aside(made, actor=f.STAFF)
    return made


def let_days_pass(noon: Any, number: int) -> None:
    noon.move_to(datetime(2026, 11, 20, 17, tzinfo=UTC) + timedelta(days=number))


def look_for_stock(noon: Any, order: Order, number: int) -> int:
    """Run the job `number` days after the order's date."""
    let_days_pass(noon, number)
    return run_job("stock", order.merchant, DAY + timedelta(days=number))


def test_an_order_out_of_stock_is_checked_daily_for_thirty_days_and_then_removed(noon: Any, waiting: Order) -> None:
    assert [look_for_stock(noon, waiting, day) for day in range(30)] == [0] * 30
    assert Order.objects.filter(pk=waiting.pk).exists()
    assert look_for_stock(noon, waiting, 30) == 1
    assert not Order.objects.filter(pk=waiting.pk).exists()
    assert look_for_stock(noon, waiting, 31) == 0
    assert Event.objects.count() == 1  # the one of the day it was set aside
    assert Subscription.objects.get().live
    assert Item.objects.get().upcoming


@pytest.mark.parametrize("day", [1, 29])
def test_an_order_back_in_stock_is_handed_to_placement(noon: Any, waiting: Order, day: int) -> None:
    Product.objects.update(live=True)
    assert look_for_stock(noon, waiting, 0) == 0  # on that day placement tried
    assert look_for_stock(noon, waiting, day) == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.tries) == (OrderStatus.PENDING_PLACEMENT, 1)
    assert Item.objects.count() == 2  # no further order was made
    assert look_for_stock(noon, waiting, day + 1) == 0


def test_items_still_out_of_stock_wait_in_a_separate_order(noon: Any, waiting: Order) -> None:
    back = f.ProductFactory(merchant=waiting.merchant)
    f.ItemFactory(
        order=waiting, subscription=f.SubscriptionFactory(customer=waiting.customer, product=back), upcoming=False
    )
    assert look_for_stock(noon, waiting, 1) == 1
    (still,) = Order.objects.filter(oos_free_shipping=True, status=OrderStatus.UNSENT)
    assert [item.product.live for item in still.items.all()] == [False]
    waiting.refresh_from_db()
    assert waiting.status == OrderStatus.PENDING_PLACEMENT
    assert [item.product for item in waiting.items.all()] == [back]


def test_an_order_out_of_stock_waits_only_until_the_next_order_is_due(noon: Any, waiting: Order) -> None:
    Order.objects.filter(items__upcoming=True).update(place_date=DAY + timedelta(days=7))
    assert look_for_stock(noon, waiting, 6) == 0
    assert look_for_stock(noon, waiting, 7) == 1
    assert not Order.objects.filter(pk=waiting.pk).exists()


def test_of_several_items_only_the_one_due_again_is_removed(noon: Any, waiting: Order) -> None:
    other = f.SubscriptionFactory(customer=waiting.customer, product=Product.objects.get())
    f.ItemFactory(order=waiting, subscription=other, upcoming=False)
    Order.objects.filter(items__upcoming=True).update(place_date=DAY + timedelta(days=7))
    assert look_for_stock(noon, waiting, 7) == 0
    assert [item.subscription for item in waiting.items.all()] == [other]
