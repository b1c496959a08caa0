"""The whole portal as a process tree: it starts, recovers, and leaves nothing behind."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervision.leftovers import marked_processes
from tests import migrated
from tests.portal import Portal, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.in_order]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    made = Portal(tmp_path_factory.mktemp("portal"))
    migrated.copy_server(made.home)
    return made


@pytest.fixture(scope="module")
def supervisor(portal: Portal) -> Iterator[subprocess.Popen[bytes]]:
    """One run for all tests of a running portal; the last of them ends it."""
    with portal.running() as process:
        yield process


def test_a_second_start_and_a_taken_port_are_refused_with_a_message(
    portal: Portal, supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert f"Reprise is already running from {portal.home} (process {supervisor.pid})" in portal.refusal()
    assert f"Port {portal.port} on 127.0.0.1 is not free" in portal.refusal(REPRISE_HOME=str(tmp_path))
    assert portal.get("/healthz") == "ok\n"


@pytest.mark.usefixtures("supervisor")
def test_the_embedded_database_listens_on_its_socket_alone(portal: Portal) -> None:
    assert portal.query("SHOW listen_addresses") == [("",)]
    assert portal.postmaster().net_connections("inet") == []


@pytest.mark.usefixtures("supervisor")
def test_a_killed_database_is_brought_back(portal: Portal) -> None:
    postmaster = portal.postmaster()
    postmaster.kill()
    wait_until(lambda: portal.has_other_database(postmaster))
    wait_until(lambda: portal.answers("/readyz"))


@pytest.mark.usefixtures("supervisor")
def test_a_killed_child_is_started_again_without_its_orphans(portal: Portal) -> None:
    mains = [portal.main_process(word) for word in ("granian", "qcluster")]
    families = [p for main in mains for p in (main, *main.children(recursive=True))]
    for main in mains:
        main.kill()
    wait_until(lambda: not any(p.is_running() for p in families))
    wait_until(lambda: portal.answers("/healthz"))
    wait_until(lambda: len(portal.processes("qcluster")) == 12)


@pytest.mark.usefixtures("supervisor")
def test_a_cluster_frozen_by_the_death_of_an_idle_worker_is_restarted(portal: Portal) -> None:
    cluster = portal.main_process("qcluster")
    wait_until(lambda: len(cluster.children(recursive=True)) == 5)
    (sentinel,) = cluster.children()
    for worker in sentinel.children()[:2]:
        worker.kill()
    wait_until(lambda: not cluster.is_running())
    wait_until(lambda: portal.answers("/readyz", '"workers": {"status": "ok"'))


def test_sigterm_ends_every_process_and_frees_the_port(portal: Portal, supervisor: subprocess.Popen[bytes]) -> None:
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(timeout=40) == 0
    portal.assert_all_gone()


def test_a_start_after_kill_9_ends_the_leftovers_keeps_the_data_and_migrates(portal: Portal) -> None:
    with portal.running() as first:
        portal.query("CREATE TABLE kept AS SELECT 7 AS number")
        portal.query("DROP INDEX task_queue_claim")
        portal.query("DELETE FROM django_migrations WHERE (app, name) = ('portal', '0001_task_queue')")
        cluster = portal.main_process("qcluster")
        wait_until(lambda: len(cluster.children(recursive=True)) == 5)
        orphans = cluster.children(recursive=True)
        first.kill()
        cluster.kill()
        first.wait()
        assert all(process.is_running() for process in orphans)
    with portal.running() as second:
        assert not any(process.is_running() for process in orphans)
        assert portal.query("SELECT number FROM kept") == [(7,)]
        assert portal.query("SELECT count(*) FROM pg_indexes WHERE indexname = 'task_queue_claim'") == [(1,)]
        second.send_signal(signal.SIGINT)
        assert second.wait(timeout=40) == 0
    portal.assert_all_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_to_make_alone_stops_everything(portal: Portal, number: signal.Signals) -> None:
    with portal.running("make", "--no-print-directory", "run", "RUN_ARGS=--no-demo") as make:
        make.send_signal(number)
        make.wait(timeout=40)
    wait_until(lambda: not marked_processes(portal.home))
    wait_until(lambda: not portal.pid_file.exists())
    portal.assert_all_gone()
