"""A job that counts its customers, and the rows of its runs."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db.models import QuerySet

from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days, Job
from subscriptions.models import Customer, JobRun, Merchant

DAY = date(2026, 11, 20)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class CountingWork:
    """The job of these tests: it records the customers it handled and raises the faults set for some."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.faults: dict[int, BaseException] = {}

    def affected_customers(self, customers: QuerySet[Customer], days: Days) -> QuerySet[Customer]:
        return customers

    def perform(self, keys: Sequence[int], merchant: Merchant, days: Days) -> int:
        for key in keys:
            if fault := self.faults.get(key):
                raise fault
        self.seen += keys
        return len(keys)


def use_only_job(monkeypatch: pytest.MonkeyPatch, work: CountingWork, **fields: Any) -> None:
    """Make this the only job."""
    rules = {
        "hour": lambda merchant: 10,
        "affected_customers": work.affected_customers,
        "perform": work.perform,
        **fields,
    }
    for name in reversed(list(JOBS)):  # monkeypatch restores them in reverse, which keeps their order
        monkeypatch.delitem(JOBS, name)
    monkeypatch.setitem(JOBS, "count", Job("count", "Counting", **rules))


def run_counts() -> tuple[Any, ...]:
    (row,) = JobRun.objects.values_list("state", "total", "customers", "done", "failures", "attempts")
    return row
