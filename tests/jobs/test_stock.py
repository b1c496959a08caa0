"""Items that wait for stock: their daily try, and how the wait ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subscriptions.actions import upcoming_order
from subscriptions.actions.order import send_now
from subscriptions.models import Activity, Event, Item, Order, OrderStatus, Product, Subscription
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


def try_after(noon: Any, order: Order, number: int) -> int:
    """Run the job `number` days after the order's date."""
    let_days_pass(noon, number)
    return run_job("stock", order.merchant, DAY + timedelta(days=number))


def announced_days() -> list[int]:
    events = Event.objects.filter(kind="ordergroove.item.out_of_stock").order_by("pk")
    return [event.payload["days_since_first_attempt"] for event in events]


def test_each_daily_try_tells_of_the_missing_item_and_the_thirtieth_is_the_last(noon: Any, waiting: Order) -> None:
    # The item's age is no measure: it was created when the order before it was placed.
    Item.objects.filter(order=waiting).update(created=datetime(2026, 8, 20, tzinfo=UTC))
    assert [try_after(noon, waiting, day) for day in range(30)] == [0] * 30
    assert announced_days() == list(range(30))
    assert Order.objects.filter(pk=waiting.pk).exists()
    assert try_after(noon, waiting, 30) == 1
    assert announced_days() == list(range(31))
    assert not Order.objects.filter(pk=waiting.pk).exists()
    assert Activity.objects.latest("pk").verb == "order.stop_waiting"
    assert try_after(noon, waiting, 31) == 0
    assert announced_days() == list(range(31))
    assert Subscription.objects.get().live
    assert Item.objects.get().upcoming


def test_a_second_try_on_the_same_day_tells_nothing_again(noon: Any, waiting: Order) -> None:
    assert [try_after(noon, waiting, day) for day in (0, 0, 1, 1)] == [0] * 4
    assert announced_days() == [0, 1]
    assert run_job("placement", waiting.merchant, DAY + timedelta(days=1)) == 0
    assert announced_days() == [0, 1]


def test_days_without_a_run_leave_a_gap_in_the_count(noon: Any, waiting: Order) -> None:
    assert [try_after(noon, waiting, day) for day in (2, 5)] == [0, 0]
    assert announced_days() == [0, 2, 5]


@pytest.mark.parametrize("is_back", [True, False])
def test_nothing_is_tried_after_the_thirtieth_day(noon: Any, waiting: Order, is_back: bool) -> None:
    Product.objects.update(live=is_back)
    assert try_after(noon, waiting, 31) == 1
    assert not Order.objects.filter(pk=waiting.pk).exists()
    assert announced_days() == [0]


@pytest.mark.parametrize("day", [1, 29, 30])
def test_an_order_back_in_stock_is_handed_to_placement(noon: Any, waiting: Order, day: int) -> None:
    Product.objects.update(live=True)
    assert try_after(noon, waiting, 0) == 0  # on that day placement tried
    assert try_after(noon, waiting, day) == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.tries) == (OrderStatus.PENDING_PLACEMENT, 1)
    assert Item.objects.count() == 2  # no further order was made
    assert try_after(noon, waiting, day + 1) == 0
    assert announced_days() == [0]


def test_items_still_out_of_stock_wait_on_with_their_own_count(noon: Any, waiting: Order) -> None:
    back = f.ProductFactory(merchant=waiting.merchant)
    f.ItemFactory(
        order=waiting,
        subscription=f.SubscriptionFactory(customer=waiting.customer, product=back),
        upcoming=False,
        out_of_stock_since=DAY,
        out_of_stock_on=DAY,
    )
    assert try_after(noon, waiting, 1) == 1
    (still,) = Order.objects.filter(oos_free_shipping=True, status=OrderStatus.UNSENT)
    assert [item.product.live for item in still.items.all()] == [False]
    waiting.refresh_from_db()
    assert waiting.status == OrderStatus.PENDING_PLACEMENT
    assert [item.product for item in waiting.items.all()] == [back]
    assert [try_after(noon, still, day) for day in (2, 30)] == [0, 1]
    assert announced_days() == [0, 1, 2, 30]
    assert not Order.objects.filter(pk=still.pk).exists()


def test_an_item_waits_only_until_the_next_order_is_due(noon: Any, waiting: Order) -> None:
    Order.objects.filter(items__upcoming=True).update(place_date=DAY + timedelta(days=7))
    assert try_after(noon, waiting, 6) == 0
    assert try_after(noon, waiting, 7) == 1
    assert not Order.objects.filter(pk=waiting.pk).exists()
    assert announced_days() == [0, 6]


@pytest.mark.parametrize("is_placed", [True, False])
def test_it_ends_too_when_the_next_order_was_sent_now_but_not_when_that_was_skipped(
    noon: Any, waiting: Order, is_placed: bool
) -> None:
    """The next order is in placement, or cancelled, before the try looks at it."""
    coming = Order.objects.get(items__upcoming=True)
    let_days_pass(noon, 3)
    send_now(coming, actor=f.STAFF)
    if not is_placed:
        Order.objects.filter(pk=coming.pk).update(status=OrderStatus.CANCELLED, cancelled=coming.created)
    assert try_after(noon, waiting, 4) == (1 if is_placed else 0)
    assert Order.objects.filter(pk=waiting.pk).exists() is not is_placed


def test_of_several_items_only_the_one_due_again_is_removed(noon: Any, waiting: Order) -> None:
    other = f.SubscriptionFactory(customer=waiting.customer, product=Product.objects.get())
    f.ItemFactory(
        order=waiting, subscription=other, upcoming=False, out_of_stock_since=DAY, out_of_stock_on=DAY, quantity=3
    )
    Order.objects.filter(items__upcoming=True).update(place_date=DAY + timedelta(days=7))
    assert try_after(noon, waiting, 7) == 1
    assert [item.subscription for item in waiting.items.all()] == [other]
    assert Event.objects.latest("pk").payload["quantity"] == 3


def test_a_one_time_item_waits_and_is_removed_with_a_word(noon: Any) -> None:
    due = create_order()
    mug = f.ProductFactory(merchant=due.merchant, name="Mug", live=False)
    f.ItemFactory(order=due, subscription=None, one_time=True, quantity=1, product=mug)
    assert run_job("placement", due.merchant) == 1
    (waiting,) = Order.objects.filter(oos_free_shipping=True)
    assert [item.product for item in waiting.items.all()] == [mug]
    assert [try_after(noon, waiting, day) for day in (1, 15, 30)] == [0, 0, 1]
    assert announced_days() == [0, 1, 15, 30]
    assert Activity.objects.latest("pk").sentence == (
        "Out of stock for too long for the order of November 20, 2026: Mug."
    )
    assert not Item.objects.filter(one_time=True).exists()


def test_a_one_time_item_back_in_stock_is_placed(noon: Any) -> None:
    due = create_order()
    due.items.all().delete()
    mug = f.ProductFactory(merchant=due.merchant, live=False)
    f.ItemFactory(order=due, subscription=None, one_time=True, quantity=1, product=mug)
    assert run_job("placement", due.merchant) == 0
    due.refresh_from_db()
    assert (due.status, due.oos_free_shipping) == (OrderStatus.UNSENT, True)
    Product.objects.update(live=True)
    assert try_after(noon, due, 1) == 1
    due.refresh_from_db()
    assert due.status == OrderStatus.PENDING_PLACEMENT
