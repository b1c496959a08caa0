"""Wake-ups: tasks that make a worker look at a row. The next sweep makes up for a lost one."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from common.work.lease import Leased, LeasedQueue, unleased_rows


def notify_worker(task: str, *args: Any, timeout: int | None = None) -> None:
    """Queue `task`, the dotted path of a function; it may run for `timeout` seconds instead of the queue's limit."""
    async_task(task, *args, save=False, **({"timeout": timeout} if timeout else {}))


def notify_after_commit(task: str, *args: Any) -> None:
    """`notify_worker` once this transaction is committed. If that fails, the sweep makes up for it."""
    transaction.on_commit(lambda: notify_worker(task, *args), robust=True)


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


def yield_turn(row: Leased, task: str, *, timeout: int | None = None, **changes: Any) -> None:
    """Release a row with work left and queue a new task for it. Raises `LeaseLost`."""
    row.release(**changes)
    notify_worker(task, row.pk, timeout=timeout)
