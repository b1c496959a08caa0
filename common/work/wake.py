"""Wake-ups: tasks that make a worker look at a row. The next sweep makes up for a lost one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.tasks import async_task

from common.work.lease import Leased, LeasedQueue, unleased_rows


class TableQueue(ORM):  # type: ignore[misc]  # django-q2 has no types
    """The task queue's table, for tasks that no worker takes before `at`: workers leave tasks alone that are locked."""

    def __init__(self, at: datetime | None) -> None:
        super().__init__()
        self.at = at or timezone.now()

    def enqueue(self, task: str) -> int:
        queued: int = self.get_connection().create(key=self.list_key, payload=task, lock=self.at).pk
        return queued


def notify_worker(task: str, *args: Any, timeout: int | None = None, at: datetime | None = None) -> None:
    """Queue `task`, the dotted path of a function, to be started now or at `at`. A sweep makes up for it if it is lost.

    The task may run for `timeout` seconds instead of the queue's limit. It is part of this transaction, or is queued
    once this transaction is committed.
    """
    if settings.BROKER_URL and at is None:
        call_after_commit(_queue_task, task, args, timeout, None)
    else:
        queue_task(task, *args, timeout=timeout, at=at)


def queue_task(task: str, *args: Any, timeout: int | None = None, at: datetime | None = None) -> None:
    """`notify_worker` for a task that no sweep makes up for: it is part of this transaction and outlives a worker."""
    _queue_task(task, args, timeout, TableQueue(at))


def _queue_task(task: str, args: Sequence[Any], timeout: int | None, broker: ORM | None) -> None:
    options = {"timeout": timeout, "broker": broker}
    async_task(task, *args, save=False, **{name: value for name, value in options.items() if value})


def call_after_commit(function: Callable[..., None], *args: Any) -> None:
    """Call `function` once this transaction is committed. If the call fails, that is logged: the act itself is done."""
    # A lambda, because Django logs the failed function's `__qualname__`, which a partial lacks.
    transaction.on_commit(lambda: function(*args), robust=True)


def notify_after_commit(task: str, *args: Any) -> None:
    """`notify_worker` once this transaction is committed. If that fails, the sweep makes up for it."""
    call_after_commit(notify_worker, task, *args)


def request_wake(rows: QuerySet[LeasedQueue], pk: int, task: str) -> None:
    """Notify a worker of the queue `pk`, unless a task for it is on its way already.

    Call it after the new work is committed. If two transactions both requested the wake-up before their commits, the
    second request would look needless, and the worker woken by the first would not see what the second wrote.
    """
    with transaction.atomic():
        if rows.filter(pk=pk, wake_requested=False).update(wake_requested=True):
            notify_worker(task, pk)


def sweep_rows(rows: QuerySet[Leased], task: str, *, timeout: int | None = None) -> None:
    """Notify a worker of each of `rows`, all of which have work left, unless a worker holds it."""
    for pk in list(unleased_rows(rows).values_list("pk", flat=True)):
        notify_worker(task, pk, timeout=timeout)


def yield_turn(
    row: Leased, task: str, *, timeout: int | None = None, at: datetime | None = None, **changes: Any
) -> None:
    """Release a row with work left and queue a new task for it, for now or for `at`. Raises `LeaseLost`.

    `changes` are those of the row's `release`. Where a row must rest, they also say so.
    """
    row.release(**changes)
    notify_worker(task, row.pk, timeout=timeout, at=at)
