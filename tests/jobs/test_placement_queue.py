from datetime import UTC, datetime, timedelta

import pytest

from subscriptions.actions.subscription import cancel
from subscriptions.jobs import placement_queue
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import Event, Item, Merchant, Order, OrderStatus, Product, Subscription
from tests import factories as f
from tests.jobs.situations import DAY, create_order, run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
S = OrderStatus


def statuses_by_order() -> dict[int, int]:
    return dict(Order.objects.filter(tries__gt=0).values_list("pk", "status"))


@pytest.mark.parametrize("late", [0, 40])
def test_a_due_order_is_queued_once_and_the_next_one_created(late: int) -> None:
    due = create_order(DAY - timedelta(days=late))
    assert [run_job("placement", due.merchant) for _ in range(2)] == [1, 0]
    due.refresh_from_db()
    assert (due.status, due.tries, due.tried_at) == (S.PENDING_PLACEMENT, 1, NOON)
    (coming,) = Item.objects.filter(upcoming=True)
    assert coming.order.place_date == DAY + timedelta(days={0: 14, 40: 2}[late])


@pytest.mark.parametrize(
    "change",
    [
        {"place_date": DAY + timedelta(days=1)},
        {"locked": True},
        {"oos_free_shipping": True},
        {"status": S.PENDING_VERIFICATION},
        {"status": S.PENDING_PLACEMENT},
        {"status": S.RESPONSE_PROCESSING_ERROR},
        {"status": S.REJECTED},
        {"status": S.SUCCESS},
        {"status": S.MERGED},
        {"status": S.AWAITING_RETRY_INSTRUCTIONS, "retry_at": NOON},
        {"status": S.CREDIT_CARD_RETRY, "retry_at": NOON + timedelta(seconds=1)},
    ],
)
def test_an_order_that_is_not_due_stays(change: dict[str, object]) -> None:
    made = create_order(**change)
    assert run_job("placement", made.merchant) == 0
    assert statuses_by_order() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"status": S.SEND_NOW, "locked": True},
        {"status": S.EXCEPTION_DURING_PLACEMENT_PREPARATION},
        {"status": S.CONNECTION_ERROR_DURING_PLACEMENT},
        {"status": S.GENERIC_ERROR_RESPONSE},
        {"status": S.CREDIT_CARD_RETRY, "retry_at": NOON},
    ],
)
def test_a_failed_order_is_retried(change: dict[str, object]) -> None:
    made = create_order(DAY - timedelta(days=3), **change)
    assert run_job("placement", made.merchant) == 1
    assert statuses_by_order() == {made.pk: S.PENDING_PLACEMENT}


def test_an_order_partly_out_of_stock_is_queued_without_the_missing_items() -> None:
    due = create_order()
    gone = f.ProductFactory(merchant=due.merchant, live=False)
    subscription = Subscription.objects.get()
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address")}
    f.subscription_with_order(DAY, product=gone, **same)
    assert run_job("placement", due.merchant) == 1
    assert statuses_by_order() == {due.pk: S.PENDING_PLACEMENT}
    (waiting,) = Order.objects.filter(oos_free_shipping=True)
    assert [item.product for item in waiting.items.all()] == [gone]


def test_an_order_with_nothing_in_stock_waits_whole() -> None:
    due = create_order()
    Product.objects.update(live=False)
    assert run_job("placement", due.merchant) == 0
    assert statuses_by_order() == {}
    assert Order.objects.get(oos_free_shipping=True) == due
    assert Event.objects.get().kind == "ordergroove.item.out_of_stock"


@pytest.mark.parametrize("remaining", [0, 1])
@pytest.mark.parametrize("days_before", [14, 0])
@pytest.mark.parametrize("earlier", [S.CREDIT_CARD_RETRY, S.PENDING_VERIFICATION, S.PENDING_PLACEMENT])
def test_a_prepaid_cycle_is_not_charged_while_an_earlier_order_may_still_charge_it(
    earlier: OrderStatus, days_before: int, remaining: int
) -> None:
    """The earlier one, if it was sent now, may even have the same date."""
    first = create_order(DAY - timedelta(days=days_before), status=earlier)
    Item.objects.update(upcoming=False)
    prepaid = {"prepaid_orders_per_billing": 3, "renewal_behavior": "autorenew"}
    Subscription.objects.update(prepaid_orders_remaining=remaining, **prepaid)
    second = f.OrderFactory(customer=first.customer, place_date=DAY)
    f.ItemFactory(order=second, subscription=Subscription.objects.get())
    assert run_job("placement", second.merchant) == (1 if remaining else 0)
    Order.objects.filter(pk=first.pk).update(status=S.REJECTED)
    run_job("placement", second.merchant)
    assert statuses_by_order() == {second.pk: S.PENDING_PLACEMENT}


def test_a_merchant_may_have_no_placement_or_one_each_hour() -> None:
    merchant = f.MerchantFactory(placement_hour=None)
    assert JOBS["placement"].moment(merchant, DAY) is None
    merchant.placement_hour = 9
    assert JOBS["placement"].repeats(merchant, DAY) == []
    merchant.placed_hourly = True
    first = JOBS["placement"].moment(merchant, DAY)
    assert first == datetime(2026, 11, 20, 14, tzinfo=UTC)
    assert JOBS["placement"].repeats(merchant, DAY) == [first + timedelta(hours=n) for n in range(1, 15)]
    assert JOBS["reminders"].repeats(merchant, DAY) == []


def test_other_merchants_orders_are_not_queued() -> None:
    due, foreign = create_order(), create_order()
    run_job("placement", due.merchant)
    assert statuses_by_order() == {due.pk: S.PENDING_PLACEMENT}
    assert Merchant.objects.count() == 2
    assert Order.objects.get(pk=foreign.pk).status == S.UNSENT


def test_an_order_that_is_gone_when_its_turn_comes_is_no_fault_of_its_customer() -> None:
    gone = create_order()
    cancel(Subscription.objects.get(), actor=f.STAFF)
    assert not Order.objects.exists()
    assert placement_queue.queue_order(gone, placement_queue.ACTOR) is False
