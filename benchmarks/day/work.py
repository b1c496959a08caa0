"""The daily runs of the merchant, begun at their hours, and what waits meanwhile."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection
from django.utils import timezone

from benchmarks.day.processor import Processor
from integrations.models import Delivery
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import JobRun, Merchant, OrderStatus
from tests.portal import wait_until

HOURS = {"placement": 4, "reminders": 10}
MOST_SECONDS = 3600
# In milliseconds, of the events that somebody waits for.
DELIVERED = """
SELECT count(*), percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP
    (ORDER BY 1000 * extract(epoch FROM finished - created)::float), count(*) FILTER (WHERE state <> 'done')
FROM integrations_delivery WHERE bulk = %s AND created >= %s
"""


class Work:
    """`done` has in how many seconds from its beginning each run ended. `most_waiting` deliveries waited at a time, and
    `left_waiting` when the day was over; `late` is how many seconds later all had arrived.
    """

    def __init__(self, merchant: Merchant, processor: Processor, hour_seconds: float) -> None:
        self.merchant, self.processor, self.hour_seconds = merchant, processor, hour_seconds
        self.begun: dict[str, float] = {}
        self.done: dict[str, float] = {}
        self.most_waiting = self.left_waiting = 0
        self.late = 0.0
        self.began_at: datetime = timezone.now()
        self.midnight = time.monotonic()
        self.over = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """The block is the day; afterwards all is done."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
            self.left_waiting, evening = self._waiting(), time.monotonic()
            wait_until(lambda: len(self.done) == len(HOURS) and not self._waiting(), MOST_SECONDS, pause=0.5)
            self.late = time.monotonic() - evening
        finally:
            self.over.set()
            thread.join()

    def delivered(self, *, bulk: bool) -> tuple[int, list[float], dict[str, int]]:
        """How many deliveries there were, p50, p95 and p99 from commit to arrival in ms, and how many failed."""
        with connection.cursor() as cursor:
            cursor.execute(DELIVERED, [bulk, self.began_at])
            count, times, failed = cursor.fetchone()
        return count, times or [0.0] * 3, {"failed": failed} if failed else {}

    def _watch(self) -> None:
        while not self.over.wait(0.5):
            hour = (time.monotonic() - self.midnight) / self.hour_seconds
            self.processor.look(hour)
            for name in [name for name, at in HOURS.items() if hour >= at]:
                self._look_at(name)
            self.most_waiting = max(self.most_waiting, self._waiting())
        connection.close()  # this thread's own

    def _look_at(self, name: str) -> None:
        if name not in self.begun:
            runs.begin_run(self.merchant, JOBS[name])
            self.begun[name] = time.monotonic()
        elif name not in self.done and self._is_done(name):
            self.done[name] = time.monotonic() - self.begun[name]

    def _is_done(self, name: str) -> bool:
        run = JobRun.objects.filter(merchant=self.merchant, job=name).latest("local_date")
        posting = self.merchant.orders.filter(status=OrderStatus.PENDING_PLACEMENT)
        return run.state == JobRun.State.DONE and (name != "placement" or not posting.exists())

    def _waiting(self) -> int:
        return Delivery.objects.filter(state=Delivery.State.PENDING).count()
