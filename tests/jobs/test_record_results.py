"""A placement result counts once, whoever records it and with how many others."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.actions import placement_results, upcoming_order
from subscriptions.jobs import record_results
from subscriptions.models import Customer, Event, Merchant, Order, OrderStatus, PlacementAttempt
from subscriptions.placement.results import PlacementResult
from tests import factories as f
from tests.jobs.queued_orders import (
    DECLINED,
    PLACED,
    attempt_log,
    create_attempt,
    create_queued_orders,
    order_statuses,
    sql_statements,
)
from tests.races import holding_locks
from tests.round_trips import round_trips
from tests.rows import rows_written_by

pytestmark = pytest.mark.django_db(transaction=True)
S = OrderStatus


class Killed(BaseException):
    """The worker dies."""


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = f.MerchantFactory(is_test=False)
    return made


def answered_attempts(merchant: Merchant, number: int) -> list[record_results.Answered]:
    return [(create_attempt(each), PLACED) for each in create_queued_orders(merchant, number)]


def test_recording_one_result_waits_for_the_database_five_times(merchant: Merchant) -> None:
    f.ConnectionFactory(merchant=merchant, wake_requested=True)
    ((attempt, answer),) = answered_attempts(merchant, 1)
    with round_trips() as counted:
        record_results.record_result(attempt, answer)
    assert (len(counted.waits), len(counted.statements)) == (5, 12)


@pytest.mark.parametrize("number", [2, 12])
def test_recording_many_results_together_costs_twelve_statements(merchant: Merchant, number: int) -> None:
    f.ConnectionFactory(merchant=merchant, wake_requested=True)
    given = answered_attempts(merchant, number)
    with CaptureQueriesContext(connection) as context:
        assert record_results.record_placed_orders(given) == []
    assert len(sql_statements(context)) == 12
    assert (order_statuses(), attempt_log()) == ([S.SUCCESS] * number, [(1, "placed")] * number)


def test_results_recorded_together_leave_each_order_as_results_recorded_singly(
    merchant: Merchant, noon: Any, django_capture_on_commit_callbacks: Any
) -> None:
    f.ConnectionFactory(merchant=merchant)
    given = answered_attempts(merchant, 3)

    def singly() -> None:
        for attempt, answer in given:
            record_results.record_result(attempt, answer)

    one_by_one = rows_written_by(singly, django_capture_on_commit_callbacks)
    assert (
        rows_written_by(lambda: record_results.record_answers(given), django_capture_on_commit_callbacks) == one_by_one
    )


def test_a_result_that_cannot_be_recorded_with_the_others_is_left(merchant: Merchant) -> None:
    held, again, *_ = given = answered_attempts(merchant, 5)
    Order.objects.filter(pk=again[0].order_id).update(customer=given[2][0].order.customer)
    given[1] = again = (PlacementAttempt.objects.get(pk=again[0].pk), PLACED)
    given[4] = declined = (given[4][0], DECLINED)
    with holding_locks(Customer.objects.filter(pk=held[0].order.customer_id)):
        assert record_results.record_placed_orders(given) == [held, again, declined]
    assert attempt_log() == [(1, ""), (1, ""), (1, "placed"), (1, "placed"), (1, "")]
    record_results.record_answers(given)
    assert order_statuses() == [S.SUCCESS] * 4 + [S.CREDIT_CARD_RETRY]


def test_results_recorded_together_count_once_and_not_for_orders_settled_by_hand(merchant: Merchant) -> None:
    given = answered_attempts(merchant, 3)
    placement_results.succeed(given[0][0].order, actor=f.STAFF, order_merchant_id="by hand")
    record_results.record_answers(given)
    record_results.record_answers(given)
    assert (order_statuses(), attempt_log()) == ([S.SUCCESS] * 3, [(1, "placed")] * 3)
    assert Order.objects.get(pk=given[0][0].order_id).order_merchant_id == "by hand"
    assert Event.objects.count() == 3


def test_of_two_results_of_one_attempt_the_first_counts(merchant: Merchant) -> None:
    (made,) = create_queued_orders(merchant)
    attempt = create_attempt(made)
    record_results.record_result(attempt, PLACED)
    record_results.record_result(attempt, DECLINED)
    assert (order_statuses(), attempt_log()) == ([S.SUCCESS], [(1, "placed")])


@pytest.mark.parametrize(("late", "status"), [(PLACED, S.SUCCESS), (DECLINED, S.PENDING_PLACEMENT)])
def test_of_an_earlier_attempt_only_a_success_counts(
    merchant: Merchant, late: PlacementResult, status: OrderStatus
) -> None:
    (made,) = create_queued_orders(merchant)
    first = create_attempt(made)
    Order.objects.update(status=S.CONNECTION_ERROR_DURING_PLACEMENT)
    upcoming_order.queue(made, actor=f.STAFF)
    record_results.record_result(first, late)
    assert order_statuses() == [status]
    assert attempt_log() == [(1, late.effect)]


def test_an_order_settled_by_hand_meanwhile_stays_as_it_is(merchant: Merchant) -> None:
    (made,) = create_queued_orders(merchant)
    attempt = create_attempt(made)
    placement_results.succeed(made, actor=f.STAFF, order_merchant_id="by hand")
    record_results.record_result(attempt, DECLINED)
    assert (order_statuses(), attempt_log()) == ([S.SUCCESS], [(1, "declined")])
    assert Event.objects.get().kind == "ordergroove.order.success"


def test_a_result_and_its_consequences_are_one_transaction(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    (made,) = create_queued_orders(merchant)
    attempt = create_attempt(made)

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(placement_results, "finalize_placement", die)
        with pytest.raises(Killed):
            record_results.record_result(attempt, PLACED)
    assert (order_statuses(), attempt_log()) == ([S.PENDING_PLACEMENT], [(1, "")])
    record_results.record_result(attempt, PLACED)
    assert order_statuses() == [S.SUCCESS]
