"""Whatever leads an order to placement, its items that are out of stock are not charged: they wait."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from subscriptions.actions import upcoming_order
from subscriptions.actions.order import send_now, skip
from subscriptions.errors import Refused
from subscriptions.jobs import timed_tasks
from subscriptions.models import Event, Item, Order, OrderStatus, Product, Subscription
from tests import factories as f
from tests.jobs.situations import DAY, create_order, run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
S = OrderStatus
Road = Callable[[Order], None]


def placement_run(order: Order) -> None:
    run_job("placement", order.merchant)


def minute_tick(order: Order) -> None:
    timed_tasks.do_timed_tasks()


ROADS = [
    pytest.param({}, placement_run, id="run"),
    pytest.param({"place_date": DAY - timedelta(days=40)}, placement_run, id="late run"),
    pytest.param({"status": S.SEND_NOW, "locked": True}, minute_tick, id="send now"),
    pytest.param({"status": S.SEND_NOW, "locked": True}, placement_run, id="send now by a run"),
    pytest.param({"status": S.CREDIT_CARD_RETRY, "retry_at": NOON, "tries": 1}, minute_tick, id="payment retry"),
    pytest.param({"status": S.CREDIT_CARD_RETRY, "retry_at": NOON, "tries": 1}, placement_run, id="retry by a run"),
    pytest.param({"status": S.GENERIC_ERROR_RESPONSE, "tries": 1}, placement_run, id="temporary error"),
    pytest.param({"status": S.EXCEPTION_DURING_PLACEMENT_PREPARATION, "tries": 1}, placement_run, id="not sent"),
]


@pytest.mark.parametrize(("state", "road"), ROADS)
def test_an_order_with_nothing_in_stock_waits_instead_of_being_charged(state: dict[str, object], road: Road) -> None:
    order = create_order(**state)
    Product.objects.update(live=False)
    tries = order.tries
    road(order)
    order.refresh_from_db()
    assert (order.status, order.oos_free_shipping, order.locked) == (S.UNSENT, True, False)
    assert (order.tries, order.retry_at) == (tries, None)
    assert Event.objects.get().payload["days_since_first_attempt"] == 0
    assert list(order.items.values_list("out_of_stock_since", "out_of_stock_on")) == [(DAY, DAY)]
    road(order)
    assert Event.objects.count() == 1


@pytest.mark.parametrize(("state", "road"), ROADS)
def test_only_what_is_in_stock_is_placed_and_the_one_time_item_waits(state: dict[str, object], road: Road) -> None:
    order = create_order(**state)
    mug = f.ProductFactory(merchant=order.merchant, live=False)
    f.ItemFactory(order=order, subscription=None, one_time=True, quantity=1, product=mug)
    tries = order.tries
    road(order)
    order.refresh_from_db()
    assert (order.status, order.tries) == (S.PENDING_PLACEMENT, tries + 1)
    assert [item.subscription for item in order.items.all()] == [Subscription.objects.get()]
    (waiting,) = Order.objects.filter(oos_free_shipping=True)
    assert [item.product for item in waiting.items.all()] == [mug]
    assert (waiting.status, waiting.shipping_total, waiting.tries) == (S.UNSENT, 0, 0)
    assert Event.objects.get().payload["product"]["id"] == mug.external_product_id


def test_an_order_of_unknown_outcome_is_sent_again_whole() -> None:
    """It may have been placed with these items, and the platform knows it by its key."""
    order = create_order(status=S.CONNECTION_ERROR_DURING_PLACEMENT, tries=1)
    Product.objects.update(live=False)
    placement_run(order)
    order.refresh_from_db()
    assert (order.status, order.tries, order.oos_free_shipping) == (S.PENDING_PLACEMENT, 2, False)
    assert not Event.objects.exists()


def test_no_road_can_place_an_item_out_of_stock_by_mistake() -> None:
    order = create_order()
    Product.objects.update(live=False)
    with pytest.raises(Refused, match="out of stock"):
        upcoming_order.queue(order, actor=f.STAFF)


def test_an_order_sent_now_waits_for_stock_and_its_next_one_stays_planned() -> None:
    order = create_order(date(2026, 12, 4))
    Product.objects.update(live=False)
    send_now(order, actor=f.STAFF)
    minute_tick(order)
    order.refresh_from_db()
    assert (order.status, order.oos_free_shipping, order.place_date) == (S.UNSENT, True, DAY)
    (coming,) = Item.objects.filter(upcoming=True)
    assert coming.order.place_date == date(2026, 12, 4)
    skip(order, actor=f.STAFF)  # the customer may still give it up
    assert Order.objects.get(pk=order.pk).status == S.CANCELLED


def test_a_retried_order_back_in_stock_counts_on_from_its_first_missing_day(noon: object) -> None:
    order = create_order(status=S.CREDIT_CARD_RETRY, retry_at=NOON, tries=1)
    Subscription.objects.update(every=3, every_period=3)
    Item.objects.update(out_of_stock_since=DAY - timedelta(days=4), out_of_stock_on=DAY - timedelta(days=4))
    Product.objects.update(live=False)
    minute_tick(order)
    assert Event.objects.get().payload["days_since_first_attempt"] == 4
