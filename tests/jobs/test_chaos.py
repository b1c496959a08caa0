"""The automation of the whole portal, while workers are killed at random and the database stops."""

import fcntl
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import migrated
from tests.jobs.chaos.outside import Shop, find_wrong, find_wrong_posts, inside, report
from tests.killer import Killer
from tests.placement.platform import running_platform
from tests.portal import Portal, wait_until
from tests.scale import scaled

pytestmark = [pytest.mark.slow, pytest.mark.in_order]
SEED = 4
MERCHANTS, CUSTOMERS = scaled(30, full=50), 2  # per merchant
DUE = scaled(100, full=150)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def url(shop: Shop) -> Iterator[str]:
    with running_platform(shop.answer) as playing:
        yield playing.url


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal with its two clusters and shortened waits, allowed to call the platform on this machine."""
    made = Portal(tmp_path_factory.mktemp("chaos"))
    migrated.copy_server(made.home)
    made.environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.jobs.chaos.settings",
        "OUTBOUND_ALLOW_PRIVATE_ADDRESSES": "1",
        "HEARTBEAT_SECONDS": "2",
    }
    with made.running():
        yield made


def test_killed_workers_neither_lose_nor_double_anything(portal: Portal, shop: Shop, url: str) -> None:
    inside(portal, f"seed_days({url!r}, {MERCHANTS}, {CUSTOMERS})")
    killer = Killer(portal, random.Random(SEED))
    with killer.at_work():
        inside(portal, "tick_until_done(30)")
    came = report(portal, "tick_until_done(180)")
    why = f"seed {SEED}, {killer.killed} killed: {came}"
    customers = MERCHANTS * CUSTOMERS
    assert killer.killed >= scaled(3, full=5), why
    assert find_wrong(shop, came, MERCHANTS, customers) == [], why


def test_a_database_away_for_ten_seconds_leaves_a_placement_run_whole_and_single(
    portal: Portal, shop: Shop, url: str
) -> None:
    # Before the orders are there: on a busy machine the portal's own tick places some while they are made.
    before = report(portal)
    inside(portal, f"seed_due({url!r}, {DUE})")
    ticking = threading.Thread(target=inside, args=(portal, "tick_until_done(180)"))
    ticking.start()
    wait_until(lambda: len(shop.posts) > DUE // 3)
    with away(portal, seconds=10):
        at_the_platform = len(shop.posts)
    assert at_the_platform < DUE, "the run was over before"
    ticking.join()
    came = report(portal)
    why = f"{at_the_platform} posted before the stop: {came}"
    assert came["placed"]["1"] == came["told"]["success 1"] == DUE, why
    earlier = set(before["live"])
    came |= {"live": [key for key in came["live"] if key not in earlier]}
    assert find_wrong_posts(shop, came) == [], why


@contextmanager
def away(portal: Portal, seconds: float) -> Iterator[None]:
    """PostgreSQL is stopped and cannot be started again for `seconds` after the block."""
    with Path(portal.home, "run", "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = portal.postmaster()
        server.send_signal(signal.SIGINT)
        server.wait(10)
        yield
        time.sleep(seconds)
    # Healthy again once new workers, in place of those the outage killed, are seen.
    wait_until(lambda: portal.answers("/readyz"), 180)
