"""Bulk changes: what was previewed happens, once, to each row; and an undo takes back what has not changed since."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.actions.bulk import BULK_KINDS
from subscriptions.actions.bulk import run as bulk
from subscriptions.actions.bulk.run import start_undo
from subscriptions.errors import Refused
from subscriptions.jobs.bulk_runs import continue_run, sweep
from subscriptions.models import (
    Activity,
    BulkRow,
    BulkRun,
    Customer,
    CustomerTag,
    Merchant,
    Order,
    OrderStatus,
    Subscription,
)
from tests import factories as f
from tests.jobs.bulk import WEEK, begin, counts, day_in, make_subscription, plan, run_all, undo_all


class Killed(BaseException):
    pass


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory()


@pytest.mark.parametrize("name", ["order.move", "order.skip", "subscription.move", "subscription.skip"])
def test_an_undo_takes_back_every_change(name: str, merchant: Merchant) -> None:
    for _ in range(2):
        make_subscription(merchant)
    before = plan(merchant)
    run = run_all(merchant, name, BULK_KINDS[name].model.objects.filter(merchant=merchant), WEEK)
    assert counts(run) == ("done", 2, 2, 0, 0, 0)
    assert [row[2] for row in plan(merchant)] != [row[2] for row in before]
    run = undo_all(run)
    assert counts(run) == ("undone", 2, 2, 0, 2, 0)
    restored = [(row[0], *row[2:]) for row in plan(merchant)]
    assert restored == [(row[0], *row[2:]) for row in before]


def test_orders_that_were_merged_are_taken_apart_again(merchant: Merchant) -> None:
    first = make_subscription(merchant, 3)
    shared = {"customer": first.customer, "payment": first.payment, "shipping_address": first.shipping_address}
    for days in (4, 5):
        make_subscription(merchant, days, **shared)
    before = plan(merchant)
    run = run_all(merchant, "order.move", Order.objects.all(), {"day": day_in(9, merchant).isoformat()})
    assert counts(run) == ("done", 3, 3, 0, 0, 0)
    assert len({row[1] for row in plan(merchant)}) == 1
    undo_all(run)
    assert plan(merchant) == before


def test_an_order_that_merged_into_one_the_same_run_moved_on_is_taken_out_again(merchant: Merchant) -> None:
    first = make_subscription(merchant, 3)
    shared = {"customer": first.customer, "payment": first.payment, "shipping_address": first.shipping_address}
    make_subscription(merchant, 10, **shared)
    before = plan(merchant)
    run = run_all(merchant, "order.move", Order.objects.all(), WEEK)
    assert [row[2] for row in plan(merchant)] == [day_in(17, merchant)] * 2
    assert counts(undo_all(run)) == ("undone", 2, 2, 0, 2, 0)
    assert plan(merchant) == before


def test_a_row_whose_activity_was_not_kept_is_not_undone(merchant: Merchant) -> None:
    for _ in range(2):
        make_subscription(merchant)
    moved, same = Order.objects.order_by("pk")
    run = run_all(merchant, "order.move", Order.objects.all(), {"day": moved.place_date.isoformat()})
    assert set(run.rows.values_list("activity", flat=True)) == {None}  # both were on that day already
    run.rows.filter(subject=moved.pk).update(sentence="Moved the order.")
    assert counts(undo_all(run)) == ("undone", 2, 2, 0, 1, 1)
    assert run.rows.get(state="kept").sentence == "This cannot be undone."


def test_cancelled_subscriptions_are_reactivated_with_their_dates(merchant: Merchant) -> None:
    row = make_subscription(merchant, 5)
    run = run_all(merchant, "subscription.cancel", Subscription.objects.all(), {"reason": "4|Too much"})
    row.refresh_from_db()
    assert (row.live, row.cancel_reason) == (False, "4|Too much")
    undo_all(run)
    row.refresh_from_db()
    assert row.live
    assert [day for _, _, day, *_ in plan(merchant)] == [day_in(5, merchant)]


def test_tags_are_added_once_and_only_the_run_s_own_are_removed(merchant: Merchant) -> None:
    old, new = f.CustomerFactory(merchant=merchant), f.CustomerFactory(merchant=merchant)
    run_all(merchant, "customer.tag", Customer.objects.filter(pk=old.pk), {"tag": "VIP"})
    run = run_all(merchant, "customer.tag", Customer.objects.all(), {"tag": "VIP"})
    assert counts(run) == ("done", 2, 2, 0, 0, 0)
    assert CustomerTag.objects.count() == 2
    undo_all(run)
    assert [row.customer for row in CustomerTag.objects.all()] == [old]
    assert Activity.objects.filter(customer=new).count() == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda order, day: order_verbs.change_date(order, actor=f.STAFF, day=day),
        lambda order, day: order_verbs.skip(order, actor=f.STAFF),
        lambda order, day: f.plan_item(
            f.SubscriptionFactory(
                customer=order.customer, payment=order.payment, shipping_address=order.shipping_address
            ),
            order.place_date,
        ),
    ],
)
def test_what_has_changed_since_stays(change: Callable[[Order, date], object], merchant: Merchant) -> None:
    changed, other = make_subscription(merchant), make_subscription(merchant)
    run = run_all(merchant, "order.move", Order.objects.all(), WEEK)
    change(Order.objects.get(customer=changed.customer), day_in(30, merchant))
    now = [row for row in plan(merchant) if row[0] != other.pk]
    assert counts(undo_all(run)) == ("undone", 2, 2, 0, 1, 1)
    assert [row for row in plan(merchant) if row[0] != other.pk] == now
    assert run.rows.get(state="kept").sentence


def test_a_skip_whose_next_order_was_moved_is_not_undone(merchant: Merchant) -> None:
    row = make_subscription(merchant)
    run = run_all(merchant, "order.skip", Order.objects.all())
    verbs.change_next_order_date(row, actor=f.STAFF, day=day_in(40, merchant))
    assert counts(undo_all(run)) == ("undone", 1, 1, 0, 0, 1)
    assert [day for _, _, day, *_ in plan(merchant)] == [day_in(40, merchant)]


@pytest.mark.parametrize("undoing", [False, True])
@pytest.mark.parametrize("when", ["in the step", "after it"])
def test_a_killed_run_goes_on_and_does_each_row_once(
    undoing: bool, when: str, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_subscription(merchant)
    before = plan(merchant)
    run = begin(merchant, "order.move", Order.objects.filter(merchant=merchant), WEEK)
    if undoing:
        continue_run(run.pk)
        start_undo(run, f.STAFF)
    victim = run.rows.order_by("pk")[1].pk
    advance, work = BulkRun.advance, bulk._work_at

    def advance_and_die(self: BulkRun, cursor: int, **changes: Any) -> None:
        advance(self, cursor, **changes)
        if cursor == victim and when == "in the step":
            raise Killed

    def work_and_die(run: BulkRun, row: BulkRow, *rest: Any) -> None:
        work(run, row, *rest)
        if row.pk == victim and when == "after it":
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(BulkRun, "advance", advance_and_die)
        patch.setattr(bulk, "_work_at", work_and_die)
        with pytest.raises(Killed):
            continue_run(run.pk)
    made = Activity.objects.count()
    assert made == (3 if undoing else 0) + (2 if when == "after it" else 1)
    continue_run(run.pk)
    assert Activity.objects.count() == made  # the dead worker's lease has not ended
    BulkRun.objects.update(lease_until=timezone.now())
    sweep()
    continue_run(run.pk)
    run.refresh_from_db()
    assert counts(run) == (("undone", 3, 3, 0, 3, 0) if undoing else ("done", 3, 3, 0, 0, 0))
    assert Activity.objects.count() == (6 if undoing else 3)
    week = timedelta(days=0 if undoing else 7)
    assert [day for _, _, day, *_ in plan(merchant)] == [day + week for _, _, day, *_ in before]


def test_rows_that_join_the_filter_later_are_not_changed(merchant: Merchant) -> None:
    make_subscription(merchant)
    run = begin(merchant, "order.skip", Order.objects.filter(merchant=merchant, status=1))
    make_subscription(merchant)
    continue_run(run.pk)
    run.refresh_from_db()
    assert counts(run) == ("done", 1, 1, 0, 0, 0)
    assert Order.objects.filter(status=OrderStatus.CANCELLED).count() == 1


def test_a_row_that_is_gone_by_then_is_listed(merchant: Merchant) -> None:
    row = make_subscription(merchant)
    run = begin(merchant, "order.move", Order.objects.all(), WEEK)
    verbs.cancel(row, actor=f.STAFF)
    continue_run(run.pk)
    assert run.rows.get().sentence == "It was removed in the meantime."


def test_too_many_rows_are_refused_and_nothing_begins(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST_ROWS", 1)
    for _ in range(2):
        make_subscription(merchant)
    with pytest.raises(Refused, match="These are more than 1 rows"):
        begin(merchant, "order.move", Order.objects.all(), WEEK)
    assert not BulkRun.objects.exists()


def test_a_retry_and_a_second_undo_are_refused(merchant: Merchant) -> None:
    make_subscription(merchant)
    retry = run_all(merchant, "order.retry", Order.objects.all())
    skip = undo_all(run_all(merchant, "order.skip", Order.objects.all()))
    for run in (retry, skip):
        with pytest.raises(Refused):
            start_undo(run, f.STAFF)
