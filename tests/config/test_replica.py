"""Lists from a replica of the database: two real servers, the second made from the first and following it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from common.web.replica_reads import reads_replica
from config import health, postgres
from config.database import replica
from subscriptions import api_keys
from subscriptions.api.views.base import ListView
from subscriptions.models import Merchant, Subscription
from tests import factories as f
from tests.config.test_health import beat
from tests.migrated import copy_server
from tests.portal import wait_until
from tests.servers import make_replica

LIST = "/api/subscriptions/"


class Servers:
    """A primary, and a replica that can be stopped and held up."""

    def __init__(self, folder: Path) -> None:
        self.first, self.second = folder / "first", folder / "second"
        self.first.mkdir()
        copy_server(self.first)
        self.url = postgres.start_embedded_server(self.first)
        self.replica_url = make_replica(self.second, self.url)

    @property
    def data(self) -> str:
        return str(self.second / "postgres")

    def run(self, program: str, *words: str) -> None:
        done = postgres._run_program(program, *words)
        assert done.returncode == 0, done.stdout

    def stop_replica(self) -> None:
        self.run("pg_ctl", "stop", "-m", "immediate", "-D", self.data)

    def start_replica(self) -> None:
        postgres.ensure_server_running(self.second)

    def tell_replica(self, statement: str) -> None:
        with psycopg.connect(self.replica_url, autocommit=True) as second:
            second.execute(statement)


def host(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["host"])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    servers = Servers(tmp_path_factory.mktemp("servers"))
    yield servers
    for folder in (servers.first, servers.second):
        servers.run("pg_ctl", "stop", "-m", "immediate", "-D", str(folder / "postgres"))


@pytest.fixture
def servers(both: Servers, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """The portal's connections lead to these servers, and it waits for the replica however busy the machine is."""
    monkeypatch.setattr(replica, "CATCH_UP_SECONDS", 20)
    monkeypatch.setattr(health, "REPLAY_SECONDS", 20)
    usual = connection.settings_dict
    # Not the fixtures of tests' databases: these servers are no such, and both are read.
    place = {"NAME": "postgres", "USER": "postgres", "PASSWORD": "", "PORT": ""}
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        connection.close()
        for name, value in {**place, "HOST": host(both.url)}.items():
            patch.setitem(usual, name, value)
        patch.setitem(connections.settings, "replica", {**usual, "HOST": host(both.replica_url)})
        with override_settings(DATABASE_ROUTERS=["config.database.replica.Router"]):
            replica.fallback.rests_until = 0
            yield both
        for each in connections.all(initialized_only=True):
            each.close()
        del connections["replica"]


@pytest.fixture
def merchant(servers: Servers) -> Merchant:
    merchant = f.MerchantFactory()
    f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    return merchant


@pytest.fixture
def client(merchant: Merchant) -> Client:
    _, text = api_keys.create_api_key(merchant, "Test", ["read", "bulk"])
    return Client(headers={"x-api-key": text})


def read_from(client: Client, path: str) -> tuple[Any, bool]:
    """The answer to a GET, and whether the replica was read, besides the question how far it is."""
    with CaptureQueriesContext(connections["replica"]) as queries:
        answer = client.get(path)
    return answer, any('FROM "subscriptions_' in each["sql"] for each in queries)


def count_rows(answer: Any) -> int:
    assert answer.status_code == 200
    return int(answer.json()["count"])


def test_a_list_is_read_from_the_replica_and_a_single_row_is_not(client: Client) -> None:
    with connections["replica"].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        assert cursor.fetchone() == (True,)
    answer, from_replica = read_from(client, LIST)
    assert (count_rows(answer), from_replica) == (1, True)
    public_id = answer.json()["results"][0]["public_id"]
    answer, from_replica = read_from(client, f"{LIST}{public_id}/")
    assert (answer.status_code, from_replica) == (200, False)


def test_the_lists_of_staff_are_read_from_the_replica(merchant: Merchant) -> None:
    browser = Client()
    browser.force_login(
        f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend"
    )
    answer, from_replica = read_from(browser, "/admin/subscriptions/subscription/")
    assert (answer.status_code, from_replica) == (200, True)


def test_a_list_has_what_was_written_a_moment_before(client: Client, merchant: Merchant) -> None:
    seen = []
    for number in range(2, 22):
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
        answer, from_replica = read_from(client, LIST)
        assert count_rows(answer) == number
        seen.append(from_replica)
    assert all(seen)


def test_a_replica_that_is_behind_is_not_read(
    client: Client, merchant: Merchant, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_from(client, LIST)  # it has all until now
    monkeypatch.setattr(replica, "CATCH_UP_SECONDS", 0.1)
    monkeypatch.setattr(health, "REPLAY_SECONDS", 0.1)
    servers.tell_replica("SELECT pg_wal_replay_pause()")
    try:
        beat("a", 1)
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
        answer, from_replica = read_from(client, LIST)
        assert (count_rows(answer), from_replica) == (2, False)
        told = Client().get("/readyz").json()
        assert told["status"] == told["checks"]["replica"]["status"] == "warn"
        assert told["checks"]["replica"]["bytes_behind"] > 0
    finally:
        servers.tell_replica("SELECT pg_wal_replay_resume()")
    monkeypatch.setattr(health, "REPLAY_SECONDS", 20)
    assert Client().get("/readyz").json()["checks"]["replica"] == {"status": "ok", "responds": True, "bytes_behind": 0}
    assert read_from(client, LIST)[1] is False  # it is left alone for a while
    replica.fallback.rests_until = 0
    monkeypatch.setattr(replica, "CATCH_UP_SECONDS", 20)
    assert read_from(client, LIST)[1] is True


def test_without_the_replica_the_primary_is_read(client: Client, servers: Servers) -> None:
    assert read_from(client, LIST)[1] is True
    beat("b", 1)
    servers.stop_replica()
    try:
        answer = client.get(LIST)
        assert count_rows(answer) == 1
        assert Client().get("/readyz").json()["checks"]["replica"] == {"status": "warn", "responds": False}
    finally:
        servers.start_replica()
    replica.fallback.rests_until = 0
    connections["replica"].close()
    assert read_from(client, LIST)[1] is True
    assert Client().get("/readyz").json()["checks"]["replica"]["status"] == "ok"


def test_a_replica_that_fails_during_a_list_leaves_it_to_the_primary(servers: Servers) -> None:
    read: list[str] = []

    @reads_replica
    def view(request: HttpRequest) -> HttpResponse:
        read.append(Subscription.objects.all().db)
        with connections[read[-1]].cursor() as cursor:
            if read[-1] == "replica":
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return HttpResponse("whole")

    middleware = replica.ReplicaMiddleware(view)
    request = RequestFactory().get("/")
    assert middleware.process_view(request, view, (), {}) is None
    assert (middleware(request).content, read) == (b"whole", ["replica", "default"])
    assert replica.fallback.is_resting


def test_a_fault_of_a_list_is_answered_as_everywhere(
    client: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(view: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ListView, "paginator", property(fail))
    client.raise_request_exception = False
    answer = client.get(LIST)
    assert (answer.status_code, answer.json()) == (500, {"detail": "Something went wrong on our side."})
    assert not replica.fallback.is_resting


def test_a_server_that_is_no_replica_is_not_read(client: Client, servers: Servers) -> None:
    """It was promoted, or the setting names the primary."""
    connections["replica"].settings_dict["HOST"] = host(servers.url)
    connections["replica"].close()
    answer, from_replica = read_from(client, LIST)
    assert (count_rows(answer), from_replica) == (1, False)
    assert Client().get("/readyz").json()["checks"]["replica"] == {
        "status": "warn",
        "responds": True,
        "bytes_behind": None,
    }


def test_writes_and_what_is_read_in_a_transaction_stay_with_the_primary(servers: Servers) -> None:
    with replica.reading_replica():
        assert Subscription.objects.all().db == "replica"
        with transaction.atomic():
            assert Subscription.objects.all().db == "default"
        read = f.SubscriptionFactory()
        wait_until(lambda: Subscription.objects.using("replica").filter(pk=read.pk).exists(), 10)
        row = Subscription.objects.using("replica").get(pk=read.pk)
        row.quantity = 7
        row.save()
    assert Subscription.objects.get(pk=read.pk).quantity == 7
    assert Subscription.objects.all().db == "default"


def test_only_gets_of_marked_views_go_there(servers: Servers) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(Subscription.objects.all().db)

    def answer(request: HttpRequest) -> HttpResponse | None:
        return replica.ReplicaMiddleware(view).process_view(request, view, (), {})

    assert answer(RequestFactory().get("/")) is None
    reads_replica(view)
    assert answer(RequestFactory().post("/")) is None
    assert answer(RequestFactory().get("/")).content == b"replica"
