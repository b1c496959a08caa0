"""One worker at a time: claims, the fencing token, and the work of a killed worker."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import QuerySet

from common.work import LeaseLost, claim_lease, lease, unleased_rows
from subscriptions.models import JobRun, Merchant
from tests import factories as f
from tests.races import holding_locks, run_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
LEASE = timedelta(seconds=60)


class Killed(BaseException):
    """The worker dies."""


@pytest.fixture
def row(noon: object) -> JobRun:
    merchant = f.MerchantFactory(name="Untouched")
    return JobRun.objects.create(merchant=merchant, job="count", local_date=date(2026, 11, 20))


def claim(row: JobRun, **changes: Any) -> JobRun | None:
    return claim_lease(JobRun.objects.all(), row.pk, **changes)


def claimed(row: JobRun) -> JobRun:
    held = claim(row)
    assert held
    return held


def elsewhere(row: JobRun) -> JobRun | None:
    """The result of another worker's claim of the row."""
    (found,) = run_at_once(1, lambda: claim(row))
    return found


def columns(row: JobRun, *names: str) -> tuple[Any, ...]:
    return JobRun.objects.values_list(*names).get(pk=row.pk)


# Claims


def test_a_claim_sets_token_end_and_changes(row: JobRun) -> None:
    held = claim(row, state="running")
    assert held
    assert columns(row, "lease_token", "lease_until", "state", "attempts") == (
        held.lease_token,
        NOON + LEASE,
        "running",
        0,
    )


def test_a_leased_row_is_not_claimed_until_the_lease_ends(row: JobRun, noon: time_machine.Traveller) -> None:
    first = claimed(row)
    noon.shift(59)
    assert claim(row) is None
    noon.shift(1)
    second = claimed(row)
    assert second.lease_token != first.lease_token


def test_a_row_that_is_not_among_the_rows_is_not_claimed(row: JobRun) -> None:
    assert claim_lease(JobRun.objects.filter(state="running"), row.pk) is None
    assert claim_lease(JobRun.objects.all(), row.pk + 1) is None
    assert columns(row, "lease_token") == (None,)


def test_a_row_being_written_is_not_waited_for(row: JobRun) -> None:
    with holding_locks(JobRun.objects.all()):
        assert claim(row) is None


def two_claims(row: JobRun, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether two workers got the row: the second claims it after the first has read it and before it writes."""
    has_read, may_write = threading.Event(), threading.Event()
    token = lease.uuid4

    def slow_token() -> Any:
        monkeypatch.setattr(lease, "uuid4", token)
        has_read.set()
        assert may_write.wait(10)
        return token()

    def first() -> bool:
        try:
            return claim(row) is not None
        finally:
            connection.close()

    monkeypatch.setattr(lease, "uuid4", slow_token)
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(first)
        assert has_read.wait(10)
        second = claim(row) is not None
        may_write.set()
        return [begun.result(), second]


def test_of_two_workers_that_claim_a_row_one_gets_it(row: JobRun, monkeypatch: pytest.MonkeyPatch) -> None:
    assert two_claims(row, monkeypatch) == [True, False]


def test_without_the_lock_both_workers_would_get_it(row: JobRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
    assert two_claims(row, monkeypatch) == [True, True]


def test_a_lease_that_was_never_released_counts_as_an_attempt(row: JobRun, noon: time_machine.Traveller) -> None:
    for deaths in range(3):
        assert claimed(row).attempts == deaths
        noon.shift(60)
    held = claimed(row)
    assert (held.attempts, columns(row, "attempts")) == (3, (3,))
    held.release()
    assert claimed(row).attempts == 3


def test_a_worker_that_makes_the_row_may_hold_it_from_the_start(row: JobRun, noon: time_machine.Traveller) -> None:
    JobRun.objects.update(**JobRun.new_lease())
    assert claim(row) is None
    noon.shift(60)
    assert claimed(row).attempts == 1


# Holding


def test_renew_holds_the_row_for_another_lease(row: JobRun, noon: time_machine.Traveller) -> None:
    held = claimed(row)
    noon.shift(50)
    held.renew(total=7)
    assert columns(row, "lease_until", "total") == (NOON + timedelta(seconds=110), 7)
    noon.shift(59)
    assert elsewhere(row) is None


def test_keep_renews_once_half_of_the_lease_is_over(row: JobRun, noon: time_machine.Traveller) -> None:
    held = claimed(row)
    noon.shift(30)
    held.keep()
    assert columns(row, "lease_until") == (NOON + LEASE,)
    noon.shift(1)
    held.keep()
    assert columns(row, "lease_until") == (NOON + timedelta(seconds=91),)


def test_a_released_row_is_free_at_once(row: JobRun) -> None:
    claimed(row).release(state="done")
    assert columns(row, "lease_token", "lease_until", "state") == (None, None, "done")
    assert elsewhere(row)


def test_a_row_may_rest_before_the_next_claim(row: JobRun, noon: time_machine.Traveller) -> None:
    claimed(row).release(timedelta(seconds=10))
    assert not unleased_rows(JobRun.objects.all()).exists()
    noon.shift(10)
    assert claimed(row).attempts == 0


def test_a_worker_that_lost_its_lease_writes_nothing(row: JobRun, noon: time_machine.Traveller) -> None:
    slow = claimed(row)
    noon.shift(60)
    other = elsewhere(row)
    assert other
    noon.shift(31)
    for write in (slow.renew, slow.keep, slow.release, lambda: slow.advance(1), slow.keep):
        with pytest.raises(LeaseLost):
            write()
    assert columns(row, "lease_token", "lease_until", "cursor") == (other.lease_token, NOON + 2 * LEASE, 0)
    other.advance(1)
    assert columns(row, "cursor") == (1,)


def test_work_is_taken_away_by_clearing_its_token(row: JobRun) -> None:
    held = claimed(row)
    JobRun.objects.update(lease_token=None, lease_until=None)
    with pytest.raises(LeaseLost):
        held.advance(1)


# The cursor and the effect


def effect(row: JobRun, name: str) -> None:
    Merchant.objects.filter(pk=row.merchant_id).update(name=name)


def state(row: JobRun) -> tuple[str, int]:
    """The effect, and the cursor of the work."""
    return Merchant.objects.get(pk=row.merchant_id).name, columns(row, "cursor")[0]


def test_effect_and_cursor_are_committed_together(row: JobRun) -> None:
    held = claimed(row)
    with transaction.atomic():
        effect(row, "Done")
        held.advance(5, done=1)
    assert state(row) == ("Done", 5)
    assert columns(row, "done", "lease_until") == (1, NOON + LEASE)


@pytest.mark.parametrize("when", ["before the cursor", "after the cursor"])
def test_a_worker_killed_within_a_step_leaves_neither(row: JobRun, when: str, noon: time_machine.Traveller) -> None:
    held = claimed(row)
    with pytest.raises(Killed), transaction.atomic():
        effect(row, "Done")
        if when == "after the cursor":
            held.advance(5)
        raise Killed
    assert state(row) == ("Untouched", 0)
    noon.shift(60)
    again = claimed(row)
    assert (again.cursor, again.attempts) == (0, 1)


def overtaken_step(row: JobRun, noon: time_machine.Traveller) -> None:
    """A worker's step takes longer than its lease, and another one does the step meanwhile."""
    slow = claimed(row)
    with transaction.atomic():
        effect(row, "Done by the first")
        noon.shift(60)

        def second() -> None:
            claimed(row).advance(5, done=2)

        run_at_once(1, second)
        slow.advance(5, done=1)


def test_a_step_whose_lease_was_lost_is_undone(row: JobRun, noon: time_machine.Traveller) -> None:
    with pytest.raises(LeaseLost):
        overtaken_step(row, noon)
    assert state(row) == ("Untouched", 5)
    assert columns(row, "done") == (2,)


def test_without_the_fencing_token_the_step_would_be_done_twice(
    row: JobRun, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advance(row: JobRun, cursor: int, **changes: Any) -> None:
        JobRun.objects.filter(pk=row.pk).update(cursor=cursor, **changes)

    monkeypatch.setattr(JobRun, "advance", advance)
    overtaken_step(row, noon)
    assert state(row) == ("Done by the first", 5)
    assert columns(row, "done") == (1,)


def test_a_step_is_not_done_again_from_the_same_cursor(row: JobRun) -> None:
    held = claimed(row)
    stale = JobRun.objects.get(pk=row.pk)
    held.advance(5)
    with pytest.raises(LeaseLost), transaction.atomic():
        effect(row, "Done twice")
        stale.advance(5)
    assert state(row) == ("Untouched", 5)


def test_a_claim_does_not_wait_for_a_step_that_is_being_committed(row: JobRun, noon: time_machine.Traveller) -> None:
    held = claimed(row)
    noon.shift(60)
    with transaction.atomic():
        held.advance(5)
        assert elsewhere(row) is None
    assert columns(row, "cursor", "attempts") == (5, 0)


@pytest.mark.parametrize(("fallen", "is_free"), [(0, False), (59, False), (61, True), (3600, True)])
def test_a_lease_from_before_the_clock_fell_back_holds_nobody_up(
    row: JobRun, noon: time_machine.Traveller, fallen: int, is_free: bool
) -> None:
    claimed(row)
    noon.shift(-fallen)
    assert bool(claim(row)) == is_free


def test_a_rest_is_no_lease_that_lasts_too_long(row: JobRun) -> None:
    claimed(row).release(rest=timedelta(hours=1))
    assert claim(row) is None
