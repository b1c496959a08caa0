"""A bulk change, and its undo, whose worker is a process of its own that is killed with -9 in the middle."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions import calendar
from subscriptions.actions.bulk import BULK_KINDS
from subscriptions.actions.bulk.run import start_run, start_undo
from subscriptions.jobs.bulk_runs import continue_run
from subscriptions.models import Activity, BulkRun, Merchant, Order
from tests import factories as f
from tests.killer import kill_in_the_middle

ROWS = 45
STATES = BulkRun.State
MOMENTS = (0, 0.002, 0.004, 0.007)  # seconds, as a row takes some milliseconds


def die_in_the_middle(run: BulkRun, count: str, later: float) -> None:
    """Let a worker go on with the run, and kill it `later` than it has finished some rows, counted as `count`.

    The lease of the worker before has ended by then.
    """
    BulkRun.objects.filter(pk=run.pk).update(lease_until=timezone.now())
    enough = getattr(reread(run), count) + 3
    kill_in_the_middle(continue_run, run.pk, lambda: getattr(reread(run), count) >= enough, later)


def reread(run: BulkRun) -> BulkRun:
    run.refresh_from_db()
    return run


def finish(run: BulkRun) -> None:
    """What the next worker does once the lease of the dead one has ended."""
    BulkRun.objects.filter(pk=run.pk).update(lease_until=timezone.now())
    continue_run(run.pk)


def moves(first: int) -> list[int]:
    """The orders that were moved, without the `first` moves."""
    keys = Activity.objects.filter(verb="order.change_date").order_by("pk").values_list("order", flat=True)[first:]
    return sorted(keys)


@pytest.mark.django_db(transaction=True)
def test_each_row_is_changed_and_taken_back_once() -> None:
    merchant: Merchant = f.MerchantFactory()
    day = calendar.today(merchant.time_zone) + timedelta(days=3)
    for _ in range(ROWS):
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), place_date=day)
    keys = sorted(Order.objects.values_list("pk", flat=True))

    run = start_run(merchant, BULK_KINDS["order.move"], Order.objects.all(), {"days": 7}, f.STAFF)
    for later in MOMENTS:
        die_in_the_middle(run, "done", later)
        assert reread(run).done == run.rows.filter(state="done").count() == len(moves(0)) < ROWS
    finish(run)
    assert (reread(run).state, run.done, run.refused) == (STATES.DONE, ROWS, 0)
    assert moves(0) == keys
    assert set(Order.objects.values_list("place_date", flat=True)) == {day + timedelta(days=7)}

    start_undo(run, f.STAFF)
    for later in MOMENTS:
        die_in_the_middle(run, "undone", later)
        assert reread(run).undone == run.rows.filter(state="undone").count() == len(moves(ROWS)) < ROWS
    finish(run)
    assert (reread(run).state, run.undone, run.kept) == (STATES.UNDONE, ROWS, 0)
    assert moves(ROWS) == keys
    assert set(Order.objects.values_list("place_date", flat=True)) == {day}
