"""What happens in the database: sessions that end, fill it up, stay open or hold locks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from tests.portal import wait_until

if TYPE_CHECKING:
    from benchmarks.faults.scene import Scene

# Of the portal's own sessions, those that are in the middle of a transaction.
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


def backend(scene: Scene) -> str:
    """Sessions of the database are ended in the middle of their transactions, for 5 s: what they did is undone, the
    client gets 503 and repeats; nothing happens twice.
    """
    ended = 0
    with scene.running(), connect(scene) as own:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            ended += len(own.execute(TERMINATE).fetchall())
            time.sleep(0.02)
    return f"{ended} sessions ended; {scene.told_deliveries()}"


def crashed_backend(scene: Scene) -> str:
    """One session of the database is killed with -9, so PostgreSQL ends all of them and recovers: within 10 s clicks
    succeed again, and nothing is lost that was answered with 200.
    """
    with scene.running():
        sessions = [each for each in scene.portal.postmaster().children() if "[local]" in " ".join(each.cmdline())]
        sessions[0].kill()
    return scene.told_deliveries()


def connections(scene: Scene) -> str:
    """Others take every connection that PostgreSQL has for 15 s: kept connections go on, a request that needs a new one
    gets 503, and workers need nobody's help afterwards.
    """
    with scene.running(), ExitStack() as taken:
        number = take_all_connections(scene, taken)
        time.sleep(15)
        more = take_all_connections(scene, taken)
    return f"{number + more} connections taken; {scene.told_deliveries()}"


def take_all_connections(scene: Scene, taken: ExitStack) -> int:
    for number in range(1000):
        try:
            taken.enter_context(closing(psycopg.connect(scene.database_url())))
        except psycopg.OperationalError:
            return number
    raise AssertionError("PostgreSQL has connections without end")


def idle_reader(scene: Scene) -> str:
    """Somebody's session stays open in a transaction for five minutes and keeps all rows that go meanwhile: `/readyz`
    warns of it from then on until it ends, and clicks notice nothing.
    """
    with scene.running(), connect(scene) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM subscriptions_order")
        time.sleep(310)
        assert scene.portal.answers("/readyz", '"transactions": {"status": "warn"')
        reader.execute("COMMIT")
        wait_until(lambda: scene.portal.answers("/readyz", '"transactions": {"status": "ok"'))
    return f"/readyz warned of it; {scene.told_deliveries()}"


def locked_table(scene: Scene) -> str:
    """All orders are locked (ACCESS EXCLUSIVE) for 10 s: a request waits 2 s and gets 503 with Retry-After, nobody
    waits longer than 10 s in the queue, and 5 s after the lock clicks succeed.
    """
    with scene.running(), connect(scene) as locker:
        locker.execute("BEGIN; LOCK TABLE subscriptions_order IN ACCESS EXCLUSIVE MODE")
        time.sleep(10)
        locker.execute("COMMIT")
    return scene.told_deliveries()


@contextmanager
def connect(scene: Scene) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(scene.database_url(), autocommit=True) as connection:
        yield connection
