"""The task queue: the database's table, and in front of it Redis where BROKER_URL names one.

Redis may lose a task, so only wake-ups go there, which a sweep makes up for; all other tasks wait in the table. So do
wake-ups while Redis does not respond.
"""

import os
import time
from functools import cache
from uuid import uuid4

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage
from redis import Redis, RedisError

from config import heartbeat
from config.fallback import Fallback
from config.redis_server import connect

PULSE = "pulse"
TABLE_SECONDS = 1.0  # from one look into the table to the next, with Redis in front of it
Tasks = list[tuple[int | str | None, str | bytes]]


class Broker(ORM):
    """What django-q2's clusters take their tasks from. It also gives each cluster a pulse task of its own."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self.next_pulse = self.next_look = 0.0  # time.monotonic()
        self.cluster_pid = os.getppid()  # a cluster makes its broker in the child that guards it

    def enqueue(self, task: str) -> int:
        """The task's key; 0 for one that went to Redis."""
        if settings.BROKER_URL and redis_fallback().ask(lambda: redis_client().rpush(redis_key(), task), 0):
            return 0
        key: int = super().enqueue(task)
        return key

    def dequeue(self) -> Tasks | None:
        now = time.monotonic()
        if now >= self.next_pulse:
            self.next_pulse = now + settings.HEARTBEAT_SECONDS
            return [(PULSE, SignedPackage.dumps(_pulse_task()))]
        if settings.BROKER_URL and now < self.next_look:
            return self._wait_for_redis()
        self.next_look = now + TABLE_SECONDS
        tasks: Tasks | None = super().dequeue()
        return tasks

    def _wait_for_redis(self) -> Tasks | None:
        if redis_fallback().is_resting:
            time.sleep(TABLE_SECONDS / 5)
        found = redis_fallback().ask(lambda: redis_client().blpop([redis_key()], timeout=1), None)
        return [(None, found[1])] if found else None

    def acknowledge(self, task_id: int | str) -> None:
        if task_id == PULSE:
            if not connection.in_atomic_block:
                close_old_connections()
            heartbeat.beat(self.cluster_pid)
        else:
            super().acknowledge(task_id)


@cache
def redis_client() -> Redis:
    return connect(settings.BROKER_URL)


@cache
def redis_fallback() -> Fallback:
    return Fallback("Redis as task queue", RedisError)


def redis_key() -> str:
    return f"reprise:{settings.Q_CLUSTER['name']}"


def pulse() -> None:
    """Task that does nothing: its acknowledgement writes the heartbeat."""


def _pulse_task() -> dict[str, object]:
    return {
        "id": uuid4().hex,
        "name": PULSE,
        "func": "config.task_queue.pulse",
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
        "ack_failure": True,
    }
