"""The sweep continues what a dead worker left, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_q.models import OrmQ

from subscriptions.actions import placement_results
from subscriptions.jobs import dispatch
from subscriptions.models import Customer, Merchant, Order
from tests import factories as f
from tests.jobs.dispatch.platform_keys import S, count_keys
from tests.jobs.queued_orders import attempt_log, create_attempt, create_queued_orders, order_statuses
from tests.jobs.situations import DAY
from tests.placement.platform import Platform
from tests.races import holding_locks, run_at_once

pytestmark = pytest.mark.django_db(transaction=True)
LOST = {"started": datetime(2026, 11, 1, tzinfo=UTC)}


def test_an_order_left_by_a_dead_worker_is_sent_again_under_the_same_key(merchant: Merchant, shop: Platform) -> None:
    (made,) = create_queued_orders(merchant)
    create_attempt(made, **LOST)
    dispatch.sweep()
    assert attempt_log() == [(1, "no_answer")]
    dispatch.dispatch_orders(merchant.pk)
    assert count_keys(shop) == {made.public_id.hex: 1}
    assert shop.posts[0].headers["X-Reprise-Attempt"] == "2"
    assert (order_statuses(), attempt_log()) == ([S.SUCCESS], [(1, "no_answer"), (2, "placed")])


def test_an_attempt_in_progress_is_not_taken_for_lost(merchant: Merchant, noon: Any) -> None:
    (made,) = create_queued_orders(merchant)
    create_attempt(made, started=datetime.now(UTC) - dispatch.LOST_AFTER)
    dispatch.sweep()
    assert attempt_log() == [(1, "")]
    noon.shift(1)
    dispatch.sweep()
    assert attempt_log() == [(1, "no_answer")]


def test_a_lost_attempt_of_an_order_declined_meanwhile_keeps_its_retry_date(merchant: Merchant) -> None:
    (made,) = create_queued_orders(merchant)
    create_attempt(made, **LOST)
    placement_results.decline(made, actor=f.STAFF, code="140", message="Declined.")
    dispatch.sweep()
    made.refresh_from_db()
    assert (made.status, made.tries) == (S.CREDIT_CARD_RETRY, 1)
    assert made.retry_at is not None


def test_a_lost_attempt_of_an_order_too_old_is_not_repeated(merchant: Merchant) -> None:
    (made,) = create_queued_orders(merchant)
    create_attempt(made, **LOST)
    Order.objects.filter(pk=made.pk).update(place_date=DAY - timedelta(days=200))
    dispatch.sweep()
    assert order_statuses() == [S.REJECTED]


def test_a_customer_held_by_another_write_does_not_keep_the_sweep_from_the_others(merchant: Merchant) -> None:
    first, second = create_queued_orders(merchant, 2)
    create_attempt(first, **LOST)
    create_attempt(second, **LOST)
    with holding_locks(Customer.objects.filter(pk=first.customer_id)):
        dispatch.sweep()
        assert attempt_log() == [(1, ""), (1, "no_answer")]
    dispatch.sweep()
    assert attempt_log() == [(1, "no_answer")] * 2


def test_simultaneous_sweeps_take_a_lost_attempt_up_once(merchant: Merchant, shop: Platform) -> None:
    (made,) = create_queued_orders(merchant)
    create_attempt(made, **LOST)
    run_at_once(3, dispatch.sweep)
    made.refresh_from_db()
    assert (made.tries, attempt_log()) == (2, [(1, "no_answer")])
    run_at_once(2, lambda: dispatch.dispatch_orders(merchant.pk))
    assert (order_statuses(), sum(count_keys(shop).values())) == ([S.SUCCESS], 1)


def test_the_sweep_wakes_workers_for_waiting_orders_but_not_for_test_clocks(merchant: Merchant) -> None:
    (made,) = create_queued_orders(merchant)
    OrmQ.objects.all().delete()
    dispatch.sweep()
    assert [task.task["args"] for task in OrmQ.objects.all()] == [(merchant.pk,)]
    OrmQ.objects.all().delete()
    Customer.objects.update(is_test=True, clock=datetime(2026, 11, 20, tzinfo=UTC))
    dispatch.sweep()
    assert OrmQ.objects.count() == 0
