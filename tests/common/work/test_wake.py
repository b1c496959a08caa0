"""Turns and wake-ups: no queue has two tasks, and a lost task leaves no work behind."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ

from common.work import (
    LeaseLost,
    Turn,
    claim_lease,
    notify_after_commit,
    notify_worker,
    request_wake,
    sweep_rows,
    turn,
    yield_turn,
)
from integrations.models import Connection
from tests import factories as f
from tests.races import run_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
TASK = "tests.common.work.test_wake.look"


class Work:
    """The pending work of a queue, as another table would hold it."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.done: list[str] = []

    def take_all(self) -> None:
        self.done += self.waiting
        self.waiting.clear()


@pytest.fixture
def queue(noon: object) -> Connection:
    made: Connection = f.ConnectionFactory()
    return made


def claimed(queue: Connection) -> Connection:
    held = claim_lease(Connection.objects.all(), queue.pk)
    assert held
    return held


def wake(queue: Connection) -> None:
    request_wake(Connection.objects.all(), queue.pk, TASK)


def tasks() -> list[Any]:
    return [queued.task["args"] for queued in OrmQ.objects.all()]


def is_woken(queue: Connection) -> bool:
    return Connection.objects.get(pk=queue.pk).wake_requested


# Turns


def test_a_turn_is_over_after_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(turn.time, "monotonic", lambda: now)
    mine = Turn()
    now += turn.TURN_SECONDS
    assert not mine.is_over
    now += 0.1
    assert mine.is_over


def test_a_worker_that_yields_leaves_a_free_row_and_one_task(queue: Connection) -> None:
    held = claimed(queue)
    held.begin_round()
    yield_turn(held, TASK, timeout=300, wake_requested=True)
    assert tasks() == [(queue.pk,)]
    assert OrmQ.objects.get().task["timeout"] == 300
    assert is_woken(queue)
    wake(queue)
    assert len(tasks()) == 1
    assert claimed(queue).attempts == 0


def test_a_worker_whose_lease_was_lost_yields_nothing(queue: Connection) -> None:
    held = claimed(queue)
    Connection.objects.update(**Connection.new_lease())
    with pytest.raises(LeaseLost):
        yield_turn(held, TASK)
    assert tasks() == []


def test_a_row_that_must_rest_gets_a_task_for_the_end_of_its_rest(
    queue: Connection, noon: time_machine.Traveller
) -> None:
    at = timezone.now() + timedelta(seconds=10)
    yield_turn(claimed(queue), TASK, at=at, rest=timedelta(seconds=10))
    assert (tasks(), OrmQ.objects.get().lock) == ([(queue.pk,)], at)
    assert claim_lease(Connection.objects.all(), queue.pk) is None
    noon.shift(10)
    assert ORM().dequeue() is None
    noon.shift(0.001)
    assert ORM().dequeue() == [(OrmQ.objects.get().pk, OrmQ.objects.get().payload)]
    assert claimed(queue).attempts == 0


# Wake-ups


def test_wake_ups_join_while_a_task_is_on_its_way(queue: Connection) -> None:
    run_at_once(4, lambda: wake(queue))
    wake(queue)
    assert (tasks(), is_woken(queue)) == ([(queue.pk,)], True)


def test_a_wake_up_and_its_task_are_one_transaction(queue: Connection) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        wake(queue)
        raise ZeroDivisionError
    assert (tasks(), is_woken(queue)) == ([], False)


def drain(queue: Connection, work: Work, release: Any) -> None:
    """A worker empties a queue; new work arrives between its last query and its release."""
    held = claimed(queue)
    rounds = 0
    while True:
        held.begin_round()
        work.take_all()
        rounds += 1
        if rounds == 1:
            work.waiting.append("late")
            wake(queue)
        if release(held):
            return


def test_a_wake_up_during_work_is_not_lost(queue: Connection) -> None:
    work = Work()
    work.waiting.append("early")
    drain(queue, work, Connection.release_if_idle)
    assert (work.done, work.waiting) == (["early", "late"], [])
    assert not is_woken(queue)
    claimed(queue)


def test_released_blindly_the_queue_would_keep_work_though_its_task_had_come(queue: Connection) -> None:
    """The control: the task of the late wake-up finds the queue leased, and no other task follows."""
    work = Work()
    work.waiting.append("early")

    def release(held: Connection) -> bool:
        (task,) = OrmQ.objects.all()
        assert run_at_once(1, lambda: claim_lease(Connection.objects.all(), queue.pk)) == [None]
        task.delete()
        held.release()
        return True

    drain(queue, work, release)
    assert (work.done, work.waiting, tasks()) == (["early"], ["late"], [])


def test_a_queue_whose_worker_lost_its_lease_is_not_released_by_it(queue: Connection) -> None:
    held = claimed(queue)
    Connection.objects.update(**Connection.new_lease())
    assert not held.release_if_idle()
    with pytest.raises(LeaseLost):
        held.begin_round()


def test_released_for_another_reason_a_queue_can_be_woken_again(queue: Connection) -> None:
    held = claimed(queue)
    wake(queue)
    OrmQ.objects.all().delete()
    held.release()
    wake(queue)
    assert tasks() == [(queue.pk,)]


def test_a_task_is_queued_after_the_commit_and_not_at_all_after_a_rollback() -> None:
    with transaction.atomic():
        notify_after_commit(TASK, 1)
        assert tasks() == []
    assert tasks() == [(1,)]
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        notify_after_commit(TASK, 2)
        raise ZeroDivisionError
    assert tasks() == [(1,)]


def test_a_task_queue_that_is_away_does_no_harm_to_what_was_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("common.work.wake.async_task", fail)
    with transaction.atomic():
        f.MerchantFactory()
        notify_after_commit(TASK, 1)


# The sweep


def test_the_sweep_finds_a_row_whose_wake_up_was_lost(queue: Connection) -> None:
    wake(queue)
    OrmQ.objects.all().delete()
    wake(queue)
    assert tasks() == [], "the flag says that a task is on its way"
    sweep_rows(Connection.objects.all(), TASK)
    assert tasks() == [(queue.pk,)]


def test_the_sweep_finds_a_killed_workers_row_after_its_lease(queue: Connection, noon: time_machine.Traveller) -> None:
    claimed(queue)
    noon.shift(29)
    sweep_rows(Connection.objects.all(), TASK)
    assert tasks() == []
    noon.shift(1)
    sweep_rows(Connection.objects.all(), TASK, timeout=300)
    assert tasks() == [(queue.pk,)]
    assert claimed(queue).attempts == 1


def test_the_sweep_leaves_other_rows_alone(queue: Connection) -> None:
    other = f.ConnectionFactory(merchant=queue.merchant, name="Other")
    sweep_rows(Connection.objects.filter(pk=other.pk), TASK)
    assert tasks() == [(other.pk,)]


def test_a_task_keeps_the_queues_limit_unless_it_has_its_own() -> None:
    notify_worker(TASK, 1)
    assert "timeout" not in OrmQ.objects.get().task
