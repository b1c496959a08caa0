"""The portal on a database that it does not bring itself."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from config.secrets import GENERATORS, ensure_secrets_file
from tests import migrated
from tests.portal import Portal, wait_until

GIVEN = "given_database"


@pytest.fixture
def database_url(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database on the server of the tests, which for the portal is another one's."""
    with django_db_blocker.unblock():
        template = migrated.ensure_template()
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {GIVEN}")
        connection.execute(f"CREATE DATABASE {GIVEN} TEMPLATE {template}")
        yield settings.DATABASE_URL.replace("/postgres?", f"/{GIVEN}?")
        connection.execute(f"DROP DATABASE {GIVEN} WITH (FORCE)")


@pytest.mark.slow
def test_a_fresh_home_starts_on_a_given_database(tmp_path: Path, database_url: str) -> None:
    portal = Portal(tmp_path)
    portal.environment["DATABASE_URL"] = database_url
    with portal.running() as process:
        wait_until(lambda: portal.answers("/readyz"))
        assert (tmp_path / "run" / "supervisor.lock").read_text() == str(process.pid)
        assert f"Reprise is already running from {tmp_path} (process {process.pid})" in portal.refusal()
        assert_workers_elsewhere_are_seen_until_they_stop(portal, tmp_path / "elsewhere", database_url)
    assert not (tmp_path / "postgres").exists()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT * FROM integrations_heartbeat").fetchall() == []


def assert_workers_elsewhere_are_seen_until_they_stop(portal: Portal, home: Path, database_url: str) -> None:
    """As on a second machine: another folder, another name, the same database."""
    home.mkdir()
    workers = Portal(home)
    workers.environment |= {"DATABASE_URL": database_url, "REPRISE_CLUSTER": "elsewhere"}
    mark = (portal.home / "run" / "installation").read_text()
    here, there = f"{socket.gethostname()}-{mark}", "elsewhere"
    with workers.running(sys.executable, "manage.py", "workers"):
        wait_until(lambda: clusters_of(portal) == {f"{host}:workers-{n}" for host in (here, there) for n in (1, 2)})
    assert clusters_of(portal) == {f"{here}:workers-1", f"{here}:workers-2"}
    assert portal.answers("/readyz", '"workers": {"status": "ok"')


def clusters_of(portal: Portal) -> set[str]:
    return set(json.loads(portal.get("/readyz"))["checks"]["workers"]["heartbeats"])


@pytest.mark.slow
def test_a_database_that_does_not_answer_is_named_as_the_reason(tmp_path: Path) -> None:
    refusal = Portal(tmp_path).refusal(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert refusal.startswith("CommandError: The database cannot be used. Look at DATABASE_URL. connection failed")


def start(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: text for name, text in os.environ.items() if name not in GENERATORS}
    given = inherited | {"REPRISE_HOME": str(home), "DATABASE_URL": settings.DATABASE_URL} | environment
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=given, capture_output=True, text=True, check=False)


def test_a_home_that_cannot_be_written_is_refused_unless_the_secrets_are_given() -> None:
    home = Path("/proc/nowhere")  # where not even root can make a folder
    refused = start(home)
    assert refused.returncode == 1
    assert "REPRISE_HOME cannot keep the secrets" in refused.stderr
    assert start(home, **{name: generate() for name, generate in GENERATORS.items()}).returncode == 0


def test_secrets_are_completed_by_the_file_when_the_environment_has_only_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in GENERATORS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRET_KEY", "given")
    written = ensure_secrets_file(tmp_path / "new" / "secrets.env").read_text()
    assert [line.split("=")[0] for line in written.splitlines()] == list(GENERATORS)
