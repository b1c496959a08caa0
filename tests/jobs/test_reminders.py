"""The daily run of reminders reaches each customer, even while some are busy; `test_reminder_days` has who is due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.jobs import reminders, runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days
from subscriptions.models import Customer, Event, JobRun, Merchant
from tests import factories as f
from tests.races import holding_locks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
DAY = date(2026, 11, 20)
JOB = JOBS["reminders"]


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


def create_customers(merchant: Merchant, number: int, days: int = 5, **fields: Any) -> list[Customer]:
    """`number` customers with one order each, to be placed in `days` days."""
    return [
        f.subscription_with_order(
            DAY + timedelta(days=days), customer=f.CustomerFactory(merchant=merchant), **fields
        ).customer
        for _ in range(number)
    ]


def begin_run(merchant: Merchant, monkeypatch: pytest.MonkeyPatch | None = None, **changes: Any) -> JobRun:
    if monkeypatch:
        monkeypatch.setitem(JOBS, "reminders", replace(JOB, **changes))
    return runs.begin_run(merchant, JOB)


def continue_run(run: JobRun) -> JobRun:
    """Continue the run as if its pause were over."""
    JobRun.objects.filter(pk=run.pk).update(lease_until=None)
    runs.continue_run(run.pk)
    run.refresh_from_db()
    return run


def reminded_customers() -> list[Customer]:
    return [event.customer for event in Event.objects.select_related("customer").order_by("customer", "pk")]


def test_a_run_reminds_each_customer_once(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    due = create_customers(merchant, 5)
    create_customers(merchant, 1, days=6)
    run = begin_run(merchant, monkeypatch, at_once=2)
    assert continue_run(run).state == JobRun.State.DONE
    assert (run.total, run.customers, run.done, run.failures) == (5, 5, 5, 0)
    assert reminded_customers() == due
    again = continue_run(runs.begin_run(merchant, JOB))
    assert (again.state, again.done) == (JobRun.State.DONE, 0)


@pytest.mark.parametrize("at_once", [1, 2, 10])
def test_a_busy_customer_delays_nobody_else_and_is_reminded_in_the_same_run(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    due = create_customers(merchant, 6)
    run = begin_run(merchant, monkeypatch, at_once=at_once)
    with holding_locks(Customer.objects.filter(pk__in=[due[1].pk, due[4].pk])):
        continue_run(run)
        assert reminded_customers() == [due[0], *due[2:4], due[5]]
        assert (run.state, run.cursor, run.customers) == (JobRun.State.WAITING, due[0].pk, 4)
        assert run.lease_until == timezone.now() + runs.REST
    assert continue_run(run).state == JobRun.State.DONE
    assert reminded_customers() == due
    assert (run.customers, run.done) == (6, 6)


def test_a_customer_that_fails_after_a_busy_one_counts_once(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, broken, whole = create_customers(merchant, 3)

    def perform(keys: Sequence[int], merchant: Merchant, days: Days) -> int:
        if broken.pk in keys:
            raise ValueError("broken")
        return reminders.remind_due_customers(keys, merchant, days)

    run = begin_run(merchant, monkeypatch, perform=perform)
    with holding_locks(Customer.objects.filter(pk=held.pk)):
        assert continue_run(run).failures == 0
        assert reminded_customers() == [whole]
    assert continue_run(run).state == JobRun.State.DONE
    assert (run.failures, run.error) == (
        1,
        f"Customer {broken.merchant_user_id}: something went wrong; the log of the task workers says what.",
    )
    assert reminded_customers() == [held, whole]
