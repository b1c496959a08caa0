"""Redis as task queue and as cache, and what the portal does without it."""

import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from common.web.rate_limit import WINDOW, count_request
from common.work import notify_worker, queue_task
from config import task_queue
from config.redis_server import OPTIONS
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import cancel
from subscriptions.models import Subscription
from tests.config.test_health import beat
from tests.factories import STAFF, subscription_with_order
from tests.servers import Server, free_port, make_redis, needs_servers

pytestmark = [pytest.mark.django_db, needs_servers]
TASK = "config.task_queue.pulse"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    port = free_port()
    server = make_redis(tmp_path_factory.mktemp("redis"), port)
    yield server, f"redis://127.0.0.1:{port}/0"
    server.end(signal.SIGKILL)


@pytest.fixture
def url(server: tuple[Server, str], settings: Any) -> Iterator[str]:
    """A Redis that runs and is empty, as task queue and as cache."""
    process, url = server
    if process.process is None:
        process.start()
    with redis.Redis.from_url(url) as client:
        while not _responds(client):
            time.sleep(0.02)
        client.flushall()
    settings.BROKER_URL = url
    settings.CACHES = {"default": {"BACKEND": "config.cache.SharedCache", "LOCATION": url}}
    forget_redis()
    yield url
    forget_redis()


@pytest.fixture
def dead_url(url: str, server: tuple[Server, str]) -> str:
    server[0].end(signal.SIGKILL)
    return url


def forget_redis() -> None:
    task_queue.redis_client.cache_clear()
    task_queue.redis_fallback.cache_clear()


def _responds(client: Any) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def waiting() -> tuple[int, int]:
    """Tasks in Redis and in the table."""
    return int(task_queue.redis_client().llen(task_queue.redis_key())), OrmQ.objects.count()


def take_tasks(broker: task_queue.Broker) -> list[tuple[str, bool]]:
    """The functions that the next rounds of a cluster take, and whether they came from the table."""
    taken = [task for _ in range(3) for task in broker.dequeue() or ()]
    return [(SignedPackage.loads(task)["func"], key is not None) for key, task in taken]


@pytest.fixture
def broker(url: str) -> task_queue.Broker:
    broker = task_queue.Broker("default")
    broker.next_pulse = float("inf")
    return broker


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_goes_to_redis_once_its_transaction_is_committed(broker: task_queue.Broker) -> None:
    with transaction.atomic():
        notify_worker(TASK)
        assert waiting() == (0, 0)
    assert waiting() == (1, 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        notify_worker(TASK)
        raise ZeroDivisionError
    assert waiting() == (1, 0)
    assert take_tasks(broker) == [(TASK, False)]
    assert waiting() == (0, 0)


def test_what_no_sweep_makes_up_for_and_what_is_for_later_wait_in_the_table(broker: task_queue.Broker) -> None:
    queue_task(TASK)
    notify_worker(TASK, at=timezone.now() + timedelta(hours=1))
    assert waiting() == (0, 2)
    broker.next_look = 0
    assert take_tasks(broker) == [(TASK, True)]


def test_a_busy_redis_does_not_keep_workers_from_the_table(
    broker: task_queue.Broker, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            notify_worker(TASK)
    queue_task(TASK)
    monkeypatch.setattr(task_queue, "TABLE_SECONDS", 0)
    assert take_tasks(broker)[0] == (TASK, True)
    assert waiting()[0] == 3


@pytest.mark.django_db(transaction=True)
def test_without_redis_wake_ups_wait_in_the_table_and_workers_find_them_there(
    broker: task_queue.Broker, dead_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    notify_worker(TASK)
    notify_worker(TASK)
    assert OrmQ.objects.count() == 2
    assert caplog.text.count("Redis as task queue: going without") == 1  # the second did not try
    broker.next_look = time.monotonic() + 60
    began = time.monotonic()
    assert broker.dequeue() is None
    assert time.monotonic() - began >= task_queue.TABLE_SECONDS / 5  # no busy loop
    broker.next_look = 0
    assert take_tasks(broker)[0] == (TASK, True)


@pytest.mark.django_db(transaction=True)
def test_wake_ups_go_to_redis_again_when_it_is_back(
    broker: task_queue.Broker, dead_url: str, server: tuple[Server, str], settings: Any
) -> None:
    notify_worker(TASK)
    server[0].start()
    with redis.Redis.from_url(dead_url) as client:
        while not _responds(client):
            time.sleep(0.02)
    notify_worker(TASK)
    assert waiting() == (0, 2)  # it is left alone for a while
    task_queue.redis_fallback().rests_until = 0
    notify_worker(TASK)
    assert waiting() == (1, 2)


def test_processes_share_the_counts_of_requests(url: str) -> None:
    assert [count_request("clicks", "10.0.0.1", 2).exceeded for _ in range(3)] == [False, False, True]
    with redis.Redis.from_url(url) as client:
        [key] = client.keys("*rate:clicks*")
        assert 0 < client.ttl(key) <= WINDOW


def test_without_the_cache_nothing_is_found_and_nobody_is_limited(dead_url: str) -> None:
    assert cache.get("a", "default") == "default"
    assert cache.get_or_set("a", lambda: "made", 60) == "made"
    assert (cache.get_many(["a"]), cache.incr("a")) == ({}, 1)
    cache.set("a", 1)
    cache.delete("a")
    assert not cache.has_key("a")
    cache.clear()
    for _ in range(3):
        quota = count_request("clicks", "10.0.0.1", 1)
        assert (quota.used, quota.exceeded) == (1, False)


def test_a_click_acts_without_redis(client: Client, dead_url: str, django_capture_on_commit_callbacks: Any) -> None:
    cancel(subscription_with_order(), actor=STAFF, reason="4|too much")
    token = ActionToken.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            f"/one_click/reactivate/?merchant={token.merchant.public_id.hex}",
            {"token": encode_token(token)},
            content_type="application/json",
        )
    assert answer.status_code == 200
    assert Subscription.objects.get().cancelled is None


def test_readyz_tells_whether_redis_responds(client: Client, url: str, server: tuple[Server, str]) -> None:
    beat("a", 1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["checks"]["redis"] == {"status": "ok", "task_queue": True, "cache": True}
    server[0].end(signal.SIGKILL)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "warn")
    assert answer.json()["checks"]["redis"] == {"status": "warn", "task_queue": False, "cache": False}


def test_the_metrics_count_tasks_in_redis_too(
    client: Client, url: str, django_capture_on_commit_callbacks: Any
) -> None:
    beat("a", 1)
    with django_capture_on_commit_callbacks(execute=True):
        notify_worker(TASK)
    queue_task(TASK)
    text = client.get("/metrics").content.decode()
    assert "reprise_tasks_queued 2.0" in text
    assert 'reprise_check{check="redis"} 0.0' in text


def test_a_silent_redis_is_waited_for_two_seconds_at_most() -> None:
    assert OPTIONS["socket_connect_timeout"] + OPTIONS["socket_timeout"] <= 3
