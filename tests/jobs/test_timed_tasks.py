from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subscriptions.actions import upcoming_order
from subscriptions.actors import Actor
from subscriptions.errors import Busy
from subscriptions.jobs import timed_tasks
from subscriptions.models import Customer, Entitlement, Event, Order, OrderStatus, Resource, Subscription
from tests.jobs.situations import DAY, create_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)
S = OrderStatus


def create_failing_order(status: OrderStatus, retry_at: datetime = NOON) -> Order:
    return create_order(DAY - timedelta(days=3), status=status, retry_at=retry_at, tries=1)


def order_status(of: Order) -> int:
    return Order.objects.get(pk=of.pk).status


def create_entitlement(grace_period: int | None = None, **fields: Any) -> Entitlement:
    create_order(DAY + timedelta(days=9))
    subscription = Subscription.objects.get()
    return Entitlement.objects.create(
        merchant=subscription.merchant,
        customer=subscription.customer,
        subscription=subscription,
        product=subscription.product,
        resource=Resource.objects.create(merchant=subscription.merchant, name="Course", external_resource_id="R-1"),
        grace_period=grace_period,
        **fields,
    )


def test_an_order_sent_now_is_handed_to_placement_within_a_minute() -> None:
    sent = create_order(status=S.SEND_NOW, locked=True)
    timed_tasks.do_timed_tasks()
    sent.refresh_from_db()
    assert (sent.status, sent.tries) == (S.PENDING_PLACEMENT, 1)


def test_a_declined_payment_is_retried_at_its_time() -> None:
    early, due = create_failing_order(S.CREDIT_CARD_RETRY, NOON + SECOND), create_failing_order(S.CREDIT_CARD_RETRY)
    timed_tasks.do_timed_tasks()
    assert (order_status(early), order_status(due)) == (S.CREDIT_CARD_RETRY, S.PENDING_PLACEMENT)


def test_an_order_without_an_instruction_is_rejected() -> None:
    waiting, overdue = (
        create_failing_order(S.AWAITING_RETRY_INSTRUCTIONS, NOON + SECOND),
        create_failing_order(S.AWAITING_RETRY_INSTRUCTIONS),
    )
    timed_tasks.do_timed_tasks()
    assert (order_status(waiting), order_status(overdue)) == (S.AWAITING_RETRY_INSTRUCTIONS, S.REJECTED)
    assert Event.objects.get().kind == "ordergroove.order.reject"


@pytest.mark.parametrize("left", [S.CONNECTION_ERROR_DURING_PLACEMENT, S.GENERIC_ERROR_RESPONSE, S.REJECTED])
def test_retries_of_the_daily_run_are_left_to_it(left: OrderStatus) -> None:
    made = create_failing_order(left)
    timed_tasks.do_timed_tasks()
    assert order_status(made) == left


@pytest.mark.parametrize(
    ("grace", "left", "live"), [(None, 0, False), (None, 1, True), (60, -60, False), (60, -59, True)]
)
def test_access_ends_with_its_grace_period(grace: int | None, left: int, live: bool) -> None:
    entitlement = create_entitlement(grace, expiration=NOON + left * SECOND)
    timed_tasks.do_timed_tasks()
    entitlement.refresh_from_db()
    assert entitlement.live is live


def test_one_failing_order_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, held_by_another, last = (create_failing_order(S.CREDIT_CARD_RETRY) for _ in range(3))
    queue = upcoming_order.queue

    def fail(order: Order, *, actor: Actor) -> Any:
        if order == broken:
            raise ValueError("a fault")
        if order == held_by_another:
            raise Busy
        return queue(order, actor=actor)

    monkeypatch.setattr(upcoming_order, "queue", fail)
    timed_tasks.do_timed_tasks()
    assert [order_status(each) for each in (broken, held_by_another, last)] == [
        S.CREDIT_CARD_RETRY,
        S.CREDIT_CARD_RETRY,
        S.PENDING_PLACEMENT,
    ]


def test_a_test_customer_with_a_clock_waits_for_it() -> None:
    sent = create_order(status=S.SEND_NOW, locked=True)
    Customer.objects.update(is_test=True, clock=NOON)
    timed_tasks.do_timed_tasks()
    assert order_status(sent) == S.SEND_NOW


def test_the_next_timed_task_is_the_first_after_the_given_moment() -> None:
    customers = Customer.objects.all()
    assert timed_tasks.next_moment(customers, NOON) is None
    create_failing_order(S.CREDIT_CARD_RETRY, NOON)
    create_failing_order(S.AWAITING_RETRY_INSTRUCTIONS, NOON + 90 * SECOND)
    create_failing_order(S.CONNECTION_ERROR_DURING_PLACEMENT, NOON + SECOND)
    assert timed_tasks.next_moment(customers, NOON) == NOON + 90 * SECOND
    assert timed_tasks.next_moment(customers, NOON - SECOND) == NOON
    Order.objects.all().update(retry_at=None)


def test_the_end_of_access_is_a_timed_task() -> None:
    create_entitlement(60, expiration=NOON)
    assert timed_tasks.next_moment(Customer.objects.all(), NOON) == NOON + 60 * SECOND
    assert timed_tasks.next_moment(Customer.objects.all(), NOON + 60 * SECOND) is None
