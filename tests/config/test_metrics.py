import re
from datetime import timedelta
from math import isnan
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.db import connection as database
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, override_settings
from django.utils import timezone
from django_q.tasks import async_task
from prometheus_client.parser import text_string_to_metric_families

from config import health
from config.database import sessions
from integrations.models import Heartbeat
from subscriptions.models import JobRun, PlacementAttempt
from tests import factories as f
from tests.integrations.deliveries import count_minute, make_delivery

NAMES = re.compile(r"\breprise_\w+")
Samples = dict[tuple[str, ...], float]


def scrape(client: Client, **headers: str) -> Samples:
    """Each sample by its name and the value of its label."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("reprise_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.django_db
def test_metrics_tell_what_the_health_pages_show_of_all_merchants(client: Client) -> None:
    now = timezone.now()
    Heartbeat.objects.create(cluster="here:workers-1", pid=1, beat_at=now - timedelta(seconds=20))
    late, paused = f.ConnectionFactory(), f.ConnectionFactory(paused_reason="The key is refused.")
    make_delivery(late, age=timedelta(minutes=20))
    count_minute(late, now, delivered=7, failed=2, retried=1, lag_total=9.5, lag_longest=4)
    count_minute(paused, now, delivered=3, not_sent=5, lag_total=1, lag_longest=1)
    count_minute(paused, now - timedelta(hours=2), delivered=100)
    for merchant, state, days in (
        (late.merchant, "failed", 0),
        (paused.merchant, "done", 0),
        (late.merchant, "done", 2),
    ):
        created = now - timedelta(days=days)
        JobRun.objects.create(merchant=merchant, job="x", local_date=created.date(), state=state, created=created)
    order = f.OrderFactory(merchant=late.merchant)
    for tries, effect, minutes in ((1, "placed", 30), (2, "", 20), (3, "placed", 90)):
        started = now - timedelta(minutes=minutes)
        PlacementAttempt.objects.create(
            merchant=order.merchant, order=order, tries=tries, effect=effect, started=started
        )
    async_task("config.task_queue.pulse")
    found = scrape(client)
    for name, expected in {
        ("cluster_silence_seconds", "here:workers-1"): 20,
        ("placement_under_way_seconds",): 1200,
        ("transaction_oldest_seconds",): 0,
    }.items():
        assert expected <= found.pop(name) < expected + 30
    assert 1200 <= found.pop(("connection_lag_seconds", str(late.pk))) < 1230
    assert found == {
        ("check", "database"): 0,
        ("check", "migrations"): 0,
        ("check", "workers"): 0,
        ("check", "deliveries"): 2,
        ("check", "transactions"): 0,
        ("migrations_unapplied",): 0,
        ("connection_paused", str(paused.pk)): 1,
        ("deliveries_waiting",): 1,
        ("deliveries_last_hour", "delivered"): 10,
        ("deliveries_last_hour", "failed"): 2,
        ("deliveries_last_hour", "not_sent"): 5,
        ("deliveries_last_hour", "retried"): 1,
        ("delivery_lag_seconds", "total"): 10.5,
        ("delivery_lag_seconds", "longest"): 4,
        ("placements_last_hour", "placed"): 1,
        ("job_runs_last_day", "failed"): 1,
        ("job_runs_last_day", "done"): 1,
        ("tasks_queued",): 1,
    }


@pytest.mark.django_db
def test_metrics_of_an_installation_that_is_not_migrated_are_its_checks_alone(client: Client) -> None:
    MigrationRecorder(database).record_unapplied("portal", "0001_task_queue")
    assert scrape(client) == {("check", "database"): 0, ("check", "migrations"): 2, ("migrations_unapplied",): 1}


@pytest.mark.django_db
def test_without_a_token_metrics_are_for_this_machine_and_not_for_who_comes_through_a_proxy(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401
    with override_settings(PROXIES=1):
        assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401


@pytest.mark.django_db
@override_settings(METRICS_TOKEN="s3cret")
def test_with_a_token_metrics_are_for_who_has_it_wherever_from(client: Client) -> None:
    assert scrape(client, authorization="Bearer s3cret")
    away = client.get("/metrics", headers={"Authorization": "Bearer s3cret"}, REMOTE_ADDR="192.0.2.7")
    assert away.status_code == 200
    for wrong in ("", "Bearer ", "Bearer s3cre", "Basic s3cret", "Bearer é"):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 401


@pytest.fixture
def everything_wrong(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis where none listens, a replica that is none, and a pooler's sessions without their settings."""
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    settings.DATABASE_POOLED = True
    monkeypatch.setattr(health.replica, "REPLICA", "default")
    monkeypatch.setitem(sessions.SESSION_SETTINGS, "lock_timeout", "3s")
    Heartbeat.objects.create(cluster="here:workers-1", pid=1, beat_at=timezone.now())


@pytest.mark.django_db
@pytest.mark.usefixtures("everything_wrong")
def test_metrics_tell_what_the_checks_of_other_servers_found(client: Client) -> None:
    found = {key: value for key, value in scrape(client).items() if key[0].startswith(("redis", "replica", "session"))}
    assert isnan(found.pop(("replica_behind_bytes",)))
    assert found == {
        ("redis_responds", "task_queue"): 0,
        ("replica_responds",): 1,
        ("session_setting_missing", "lock_timeout"): 1,
    }


OWN_ALERTS = {
    "workers": ["reprise_cluster_silence_seconds"],
    "deliveries": ["reprise_connection_lag_seconds", "reprise_connection_paused"],
    "transactions": ['reprise_check{check="transactions"} == 1'],
}


@pytest.mark.django_db
@pytest.mark.usefixtures("everything_wrong")
def test_whatever_a_check_warns_of_raises_an_alert(client: Client) -> None:
    checks = client.get("/readyz").json()["checks"]
    assert checks.keys() == {"database", "migrations", "redis", "replica", *OWN_ALERTS}
    expressions = [rule["expr"] for rule in alert_rules()]
    (others,) = (text for text in expressions if text.startswith("reprise_check{check!~"))
    assert set(re.findall(r"\w+", others.partition("!~")[2].partition("}")[0])) == OWN_ALERTS.keys()
    for starts in OWN_ALERTS.values():
        assert [start for start in starts if not any(text.startswith(start) for text in expressions)] == []
    assert "reprise_check == 2" in expressions


def alert_rules() -> list[dict[str, str]]:
    rules: list[dict[str, str]] = yaml.safe_load((settings.BASE_DIR / "deploy/alerts.yml").read_text())["groups"][0][
        "rules"
    ]
    return rules


@pytest.mark.usefixtures("everything_wrong")
@pytest.mark.django_db
def test_alert_rules_and_docs_name_the_metrics_there_are(client: Client) -> None:
    there = set(NAMES.findall(client.get("/metrics").content.decode()))
    rules = alert_rules()
    assert {name for rule in rules for name in NAMES.findall(rule["expr"])} <= there
    docs = (settings.BASE_DIR / "docs/operators/monitoring.md").read_text()
    assert set(NAMES.findall(docs.partition("## Metrics")[2])) == there
    assert [rule["alert"] for rule in rules if f"`{rule['alert']}`" not in docs] == []
