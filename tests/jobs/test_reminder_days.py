"""Which orders a run of reminders reminds of: those whose place date minus lead time is a day no run has covered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.jobs import clock, reminders, runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days
from subscriptions.models import Customer, Event, Item, JobRun, Merchant, Order, Subscription
from tests import factories as f
from tests.jobs.situations import create_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = date(2026, 11, 20)
JOB = JOBS["reminders"]


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = f.MerchantFactory(created=datetime(2026, 1, 1, tzinfo=UTC))
    return made


def create_orders(merchant: Merchant, *days: int, **fields: Any) -> dict[int, Order]:
    """An order in each number of `days`, of a customer and a subscription with `fields` each."""
    made = {}
    for number in days:
        customer = f.CustomerFactory(merchant=merchant)
        subscription = f.subscription_with_order(DAY + timedelta(days=number), customer=customer, **fields)
        made[number] = subscription.items.get().order
    return made


def run_reminders(merchant: Merchant) -> list[int]:
    """The run of today, by hand or by the tick: the days until the orders it reminded of."""
    last = Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    run = runs.begin_run(merchant, JOB)
    runs.continue_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.total) == (JobRun.State.DONE, run.done)
    told = Event.objects.filter(pk__gt=last, kind="ordergroove.order.reminder").order_by("pk")
    return sorted(event.payload["days_until_place_date"] for event in told)


def finish_run(merchant: Merchant, days_ago: int, state: str = "done") -> None:
    JobRun.objects.create(merchant=merchant, job="reminders", local_date=DAY - timedelta(days=days_ago), state=state)


def test_the_first_run_reminds_of_orders_whose_lead_time_begins_today_and_of_no_nearer_ones(
    merchant: Merchant,
) -> None:
    create_orders(merchant, 0, 1, 4, 5, 6)
    assert run_reminders(merchant) == [5]
    assert run_reminders(merchant) == []


@pytest.mark.parametrize("state", ["missed", "failed"])
def test_after_an_outage_the_missed_days_are_covered_too(merchant: Merchant, state: str) -> None:
    finish_run(merchant, 4)
    for days_ago in (3, 2, 1):
        finish_run(merchant, days_ago, state)
    create_orders(merchant, 0, 1, 2, 3, 4, 5, 6)
    assert run_reminders(merchant) == [2, 3, 4, 5]
    assert run_reminders(merchant) == []


def test_an_outage_longer_than_the_lead_time_reminds_of_no_order_of_today(merchant: Merchant) -> None:
    finish_run(merchant, 9)
    create_orders(merchant, 0, 1, 5, 6)
    assert run_reminders(merchant) == [1, 5]


def test_a_run_that_goes_on_after_midnight_reminds_of_no_order_of_the_new_day(merchant: Merchant, noon: Any) -> None:
    finish_run(merchant, 6)
    create_orders(merchant, 1, 2, 5)
    run = runs.begin_run(merchant, JOB)
    noon.move_to(datetime(2026, 11, 21, 5, 1, tzinfo=UTC))
    runs.continue_run(run.pk)
    assert [event.payload["place_date"] for event in Event.objects.all()] == ["2026-11-22", "2026-11-25"]


def test_a_run_overtaken_by_the_next_days_run_has_nothing_left_to_cover(merchant: Merchant) -> None:
    finish_run(merchant, 0)
    assert runs.days_to_cover(merchant, JOB, DAY) == Days(DAY, DAY)  # it may be run again
    yesterday = DAY - timedelta(days=1)
    assert runs.days_to_cover(merchant, JOB, yesterday) == Days(DAY + timedelta(days=1), yesterday)
    create_orders(merchant, 4)
    run = JobRun.objects.create(merchant=merchant, job="reminders", local_date=yesterday)
    runs.continue_run(run.pk)
    assert not Event.objects.exists()


def test_runs_of_other_jobs_and_merchants_cover_nothing(merchant: Merchant) -> None:
    finish_run(f.MerchantFactory(), 3)
    JobRun.objects.create(merchant=merchant, job="cards", local_date=DAY - timedelta(days=3), state="done")
    assert runs.days_to_cover(merchant, JOB, DAY) == Days(DAY, DAY)


def test_a_customer_who_comes_back_is_not_reminded_of_tomorrows_order(merchant: Merchant) -> None:
    finish_run(merchant, 1)
    order = create_orders(merchant, 9)[9]
    subscription = Subscription.objects.get()
    verbs.cancel(subscription, actor=f.STAFF)
    verbs.reactivate(subscription, actor=f.STAFF, next_order_date=DAY + timedelta(days=1))
    moved = create_orders(merchant, 20)[20]
    order_verbs.change_date(moved, actor=f.STAFF, day=DAY + timedelta(days=4))
    assert run_reminders(merchant) == []
    assert not Order.objects.filter(pk=order.pk).exists()


@pytest.mark.parametrize(("days", "told"), [(0, []), (1, [1]), (5, [5]), (6, [])])
def test_a_merchant_may_want_reminders_of_near_orders(merchant: Merchant, days: int, told: list[int]) -> None:
    finish_run(merchant, 1)
    Merchant.objects.filter(pk=merchant.pk).update(remind_near_orders=True)
    create_orders(merchant, days)
    assert run_reminders(merchant) == told
    assert run_reminders(merchant) == []


def test_an_order_moved_out_and_in_again_is_reminded_of_once_for_each_date(merchant: Merchant, noon: Any) -> None:
    order = create_orders(merchant, 5)[5]
    assert run_reminders(merchant) == [5]
    order_verbs.change_date(order, actor=f.STAFF, day=DAY + timedelta(days=6))
    noon.move_to(datetime(2026, 11, 21, 17, tzinfo=UTC))
    assert run_reminders(merchant) == [5]


def test_of_two_lead_times_in_one_order_the_longer_counts(merchant: Merchant) -> None:
    order = create_orders(merchant, 9, reminder_days=7)[9]
    late = create_orders(merchant, 7, reminder_days=5)[7]
    for each, days in ((order, 9), (late, 6)):
        longer = f.SubscriptionFactory(customer=each.customer, reminder_days=days)
        f.ItemFactory(order=each, subscription=longer)
    assert run_reminders(merchant) == [9]


def test_the_shorter_of_two_lead_times_does_not_remind_again(merchant: Merchant) -> None:
    order = create_orders(merchant, 5, reminder_days=5)[5]
    f.ItemFactory(order=order, subscription=f.SubscriptionFactory(customer=order.customer, reminder_days=9))
    assert run_reminders(merchant) == []


def test_an_order_without_a_subscription_follows_the_merchants_default(merchant: Merchant) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(reminder_days=9)
    made = create_orders(merchant, 7, 9, reminder_days=7)
    Item.objects.filter(order=made[9]).update(subscription=None, one_time=True)
    assert run_reminders(merchant) == [7, 9]


def test_the_lead_time_of_a_cancelled_subscription_does_not_count(merchant: Merchant) -> None:
    order = create_orders(merchant, 5)[5]
    old = f.SubscriptionFactory(customer=order.customer, reminder_days=300)
    Subscription.objects.filter(pk=old.pk).update(cancelled=old.created)
    assert list(reminders.affected_customers(merchant.customers.all(), Days(DAY, DAY))) == [order.customer]


def test_a_test_customer_is_reminded_of_the_next_order_whatever_its_date(merchant: Merchant) -> None:
    tester = f.CustomerFactory(merchant=merchant, is_test=True)
    assert clock.remind_test_customer(tester) is None
    create_order(DAY + timedelta(days=90), customer=tester)
    near = create_order(DAY + timedelta(days=40), customer=tester)
    assert [clock.remind_test_customer(tester) for _ in range(2)] == [near, near]
    assert list(Event.objects.values_list("kind", "order")) == [("ordergroove.order.reminder", near.pk)] * 2


def test_the_clock_of_a_test_customer_reminds_on_the_day_alone(merchant: Merchant) -> None:
    finish_run(merchant, 30)  # the runs of the others do not matter
    tester: Customer = f.CustomerFactory(merchant=merchant, is_test=True)
    create_order(DAY + timedelta(days=3), customer=tester)
    create_order(DAY + timedelta(days=7), customer=tester)
    clock.advance_clocks(merchant, [tester], datetime(2026, 11, 22, 17, tzinfo=UTC), actor=f.STAFF)
    told = [(event.at, event.payload["place_date"]) for event in Event.objects.all()]
    assert told == [(datetime(2026, 11, 22, 15, tzinfo=UTC), "2026-11-27")]
