"""What the process that supervises the others looks at."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import Schedule

from config import rsgi
from config.database.base import DatabaseWrapper
from config.schedules import ensure_schedules
from config.supervision import services
from config.supervision.child import Child
from integrations.models import Heartbeat


@pytest.fixture(autouse=True)
def limit_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DatabaseWrapper, "statement_seconds", None)


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[list[Any]]:
    """One that runs, as far as the supervisor can tell."""
    monkeypatch.setattr(settings, "EMBEDDED_POSTGRES", False)
    child = Child("tried", ["sleep", "60"], {})
    child.keep_alive()
    yield [child]
    if child.process:
        child.process.kill()
        child.process.wait()


def test_a_schedule_that_the_clock_left_in_the_future_is_corrected(clusters: list[Child]) -> None:
    ensure_schedules()
    Schedule.objects.update(next_run=timezone.now() + timedelta(days=1))
    services.check_services(clusters)
    assert not Schedule.objects.filter(next_run__gt=timezone.now()).exists()


@pytest.mark.parametrize(("later", "is_stopped"), [(200, True), (10, False)])
@pytest.mark.parametrize("age", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_cluster_is_silent_by_the_supervisors_count_whatever_its_clock_says(
    clusters: list[Child], monkeypatch: pytest.MonkeyPatch, age: timedelta, later: float, is_stopped: bool
) -> None:
    Heartbeat.objects.create(cluster="tried", pid=1, beat_at=timezone.now() - age)
    services.check_services(clusters)
    clusters[0].heard -= later
    services.check_services(clusters)
    assert (clusters[0].kill_at is not None) == is_stopped


@pytest.mark.usefixtures("db")
def test_the_web_server_and_the_supervisor_wait_for_no_statement_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rsgi.threading.Thread, "start", lambda thread: None)
    rsgi.Application().__rsgi_init__(asyncio.new_event_loop())
    assert DatabaseWrapper.statement_seconds == settings.STATEMENT_SECONDS == 30
    DatabaseWrapper.statement_seconds = None
    idle: Any = SimpleNamespace(children=[], run=lambda check, every: None, stop=lambda: None)
    services.keep_clusters_alive(idle, [])
    assert DatabaseWrapper.statement_seconds == 30
