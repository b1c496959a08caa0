from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import psycopg
import pytest
from django.core.checks import run_checks
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import OperationalError
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from config import health, heartbeat, task_queue
from config.schedules import SCHEDULES, correct_times, ensure_schedules
from integrations.models import Connection, Delivery, Heartbeat
from subscriptions.actions import subscription as actions
from subscriptions.actors import Actor, ActorKind
from tests.factories import ConnectionFactory, SubscriptionFactory
from tests.integrations.deliveries import count_minute, make_delivery


def beat(cluster: str, seconds_ago: int) -> None:
    Heartbeat.objects.create(cluster=cluster, pid=1, beat_at=timezone.now() - timedelta(seconds=seconds_ago))


def test_healthz_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_is_503_until_a_worker_cluster_gives_a_sign_of_life(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "fail",
        "checks": {
            "database": {"status": "ok"},
            "migrations": {"status": "ok", "unapplied": 0},
            "workers": {"status": "fail", "heartbeats": {}},
            "deliveries": {
                "status": "ok",
                "late_lanes": {},
                "paused_lanes": [],
                "last_hour": {"delivered": 0, "failed": 0, "retried": 0},
            },
            "transactions": {"status": "ok", "oldest": ANY},
        },
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ages", "status", "code"),
    [([10, 20], "ok", 200), ([10, 181], "warn", 200), ([181, 500], "fail", 503)],
)
def test_one_silent_cluster_is_a_warning_and_two_are_a_failure(
    client: Client, ages: list[int], status: str, code: int
) -> None:
    for number, age in enumerate(ages):
        beat(f"cluster-{number}", age)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["workers"]["status"]) == (code, status)


@pytest.mark.django_db
def test_a_cluster_that_was_taken_away_is_missed_for_an_hour_or_until_it_is_forgotten(client: Client) -> None:
    beat("here:workers-1", 1)
    beat("there:workers-1", 3599)
    beat("gone:workers-1", 3601)
    workers = client.get("/readyz").json()["checks"]["workers"]
    assert (workers["status"], list(workers["heartbeats"])) == ("warn", ["here:workers-1", "there:workers-1"])
    heartbeat.forget_clusters(["there:workers-1"])
    assert list(Heartbeat.objects.values_list("cluster", flat=True)) == ["here:workers-1"]
    assert client.get("/readyz").json()["checks"]["workers"]["status"] == "ok"


def test_installations_have_names_of_their_own_even_on_hosts_of_one_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    monkeypatch.delenv("REPRISE_CLUSTER", raising=False)
    monkeypatch.setattr("socket.gethostname", lambda: "reprise-" * 7 + "5f6d-x7k2p")
    names = []
    for home in ("one", "two", "one"):
        settings.HOME = tmp_path / home
        names.append(heartbeat.supervised_name("workers-1"))
    assert names[0] == names[2] != names[1]
    # Of a long name the end stays.
    assert {(len(name), name.partition("5f6d-x7k2p-")[2][6:]) for name in names} == {(64, ":workers-1")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("waiting", "columns", "status", "code"),
    [
        (30, {}, "ok", 200),
        (61, {}, "warn", 200),
        (901, {}, "fail", 503),
        (901, {"enabled": False}, "ok", 200),
        (901, {"not_before": timezone.now() + timedelta(hours=1)}, "ok", 200),
    ],
)
def test_a_delivery_that_could_leave_but_waits_is_a_warning_and_after_15_minutes_a_failure(
    client: Client, waiting: int, columns: dict[str, object], status: str, code: int
) -> None:
    beat("workers-1", 1)
    connection = ConnectionFactory()
    subscription = SubscriptionFactory(customer__merchant=connection.merchant)
    actions.cancel(subscription, actor=Actor(ActorKind.JOB, "test", "Test"), reason="1|Too much")
    Delivery.objects.update(due=timezone.now() - timedelta(seconds=waiting))
    Connection.objects.update(**columns)
    answer = client.get("/readyz")
    check = answer.json()["checks"]["deliveries"]
    assert (answer.status_code, check["status"]) == (code, status)
    assert list(check["late_lanes"]) == ([] if status == "ok" else [str(connection.pk)])


@pytest.mark.django_db
def test_a_paused_connection_is_a_warning_and_late_is_only_what_could_leave(client: Client) -> None:
    beat("workers-1", 1)
    connection = ConnectionFactory(paused_reason="The key is refused.")
    make_delivery(connection, age=timedelta(hours=1))
    count_minute(connection, timezone.now(), delivered=7, failed=2, retried=1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "warn")
    assert answer.json()["checks"]["deliveries"] == {
        "status": "warn",
        "late_lanes": {},
        "paused_lanes": [connection.pk],
        "last_hour": {"delivered": 7, "failed": 2, "retried": 1},
    }


@pytest.mark.django_db
def test_readyz_is_503_while_a_migration_is_missing(client: Client) -> None:
    beat("workers-1", 1)
    MigrationRecorder(connection).record_unapplied("portal", "0001_task_queue")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == {"status": "fail", "unapplied": 1}


def test_readyz_is_503_when_the_database_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: DatabaseWrapper) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(DatabaseWrapper, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "fail", "checks": {"database": {"status": "fail"}}}


@pytest.mark.django_db
def test_a_pulse_task_comes_first_and_its_execution_is_the_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_CLUSTER", "workers-9")
    broker = task_queue.Broker("default")
    async_task("config.task_queue.pulse")
    [(pulse, _)] = broker.dequeue()
    assert not Heartbeat.objects.exists()
    broker.acknowledge(pulse)
    assert Heartbeat.objects.get().cluster == "workers-9"
    [(task, _)] = broker.dequeue()
    broker.acknowledge(task)
    assert not OrmQ.objects.exists()


@pytest.mark.django_db
def test_migrating_again_keeps_one_row_per_schedule_and_corrects_it() -> None:
    Schedule.objects.update(args="(1,", schedule_type="C", cron="nonsense")
    ensure_schedules()
    assert list(Schedule.objects.order_by("id").values_list("name", "schedule_type", "minutes", "args", "cron")) == [
        (name, "I", 60 if name in ("clean", "unplanned", "forecast") else 1, None, None) for name in SCHEDULES
    ]


@pytest.mark.django_db
def test_an_unknown_schedule_is_refused_by_the_system_check() -> None:
    assert run_checks(tags=["database"], databases=["default"]) == []
    Schedule.objects.create(name="mine", func="os.remove", args="(1,")
    [error] = run_checks(tags=["database"], databases=["default"])
    assert error.id == "portal.E001"
    assert "mine (os.remove)" in error.msg


@pytest.mark.django_db
def test_the_task_queue_claims_by_an_index_and_its_ids_start_again_before_they_are_too_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'task_queue_claim'")
        assert "(key, lock, id)" in cursor.fetchone()[0]
        cursor.execute("SELECT setval('django_q_ormq_id_seq', 2147483647)")
    async_task("config.task_queue.pulse")
    assert OrmQ.objects.get().pk == 1


@pytest.mark.django_db
def test_a_heartbeat_from_before_the_clock_fell_back_is_no_sign_of_life() -> None:
    beat("fallen", -3600)
    assert heartbeat.cluster_ages()["fallen"] == pytest.approx(3600, abs=5)


@pytest.mark.django_db
def test_a_schedule_goes_on_when_the_clock_has_fallen_back() -> None:
    now = timezone.now()
    ensure_schedules()
    hourly = Schedule.objects.filter(minutes=60)
    Schedule.objects.filter(minutes=1).update(next_run=now + timedelta(minutes=3))
    hourly.update(next_run=now + timedelta(minutes=61))
    correct_times()
    assert not Schedule.objects.filter(minutes=1, next_run__gt=timezone.now()).exists()
    assert set(hourly.values_list("next_run", flat=True)) == {now + timedelta(minutes=61)}
    hourly.update(next_run=now + timedelta(hours=3))
    correct_times()
    assert not hourly.filter(next_run__gt=timezone.now()).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "status"), [("SELECT count(*) FROM subscriptions_order", "warn"), ("SELECT 1", "ok")]
)
def test_a_transaction_that_stays_open_is_a_warning(
    client: Client, monkeypatch: pytest.MonkeyPatch, statement: str, status: str
) -> None:
    monkeypatch.setattr(health, "LONG_TRANSACTION", timedelta(0))
    with psycopg.connect(**connection.get_connection_params()) as reader:
        # At its weakest level, a session keeps no rows between two statements.
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if status == "warn" else None
        reader.execute(statement)
        assert client.get("/readyz").json()["checks"]["transactions"]["status"] == status
