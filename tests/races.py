"""Several database connections at once; for tests with `django_db(transaction=True)`."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

T = TypeVar("T")


@contextmanager
def holding_locks(rows: QuerySet[Any]) -> Iterator[None]:
    """Another connection holds the locks of `rows` within the block."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                list(rows.select_for_update())
                held.set()
                release.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(hold)
        assert held.wait(10)
        try:
            yield
        finally:
            release.set()
        done.result()


def run_at_once(number: int, run: Callable[[], T]) -> list[T]:
    """Run `run` in `number` threads that start together; the list of their results."""
    gate = threading.Barrier(number)

    def one() -> T:
        try:
            gate.wait(10)
            return run()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(number)]]
