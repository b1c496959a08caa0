"""The portal behind PgBouncer in transaction mode: no session keeps anything for the next transaction."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings

from common.db import fetch_rows
from config.database.sessions import SESSION_SETTINGS, connection_settings, missing_settings, what_to_do
from subscriptions.actions import subscription as actions
from subscriptions.models import Activity, Event, Product
from tests import factories as f
from tests.portal import wait_until
from tests.races import run_at_once
from tests.servers import free_port, make_pool, needs_servers

# What a session of PostgreSQL keeps after a transaction.
STATE = re.compile(
    r"pg_(?:try_)?advisory_(?:un)?lock|set_config\([^()]*false\)|CREATE (?:LOCAL )?TEMP|WITH HOLD"
    r"|[\"']\s*(?:SET (?!LOCAL |TRANSACTION |CONSTRAINTS |NULL|DEFAULT)|LISTEN |UNLISTEN |PREPARE )"
)
LEFTOVERS = """
SELECT 'statement ' || statement FROM pg_prepared_statements
UNION ALL SELECT 'cursor ' || statement FROM pg_cursors WHERE is_holdable
UNION ALL SELECT 'lock' FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
UNION ALL SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name <> ALL (%s)
UNION ALL SELECT 'channel ' || channel FROM pg_listening_channels() AS channel
UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'
"""
# PgBouncer itself sets these before each transaction as the client has them.
FOLLOWED = ["application_name", "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings"]


@pytest.fixture
def pooled(transactional_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """All connections share one session of the tests' database; its URL beside the pooler."""
    usual = connection.settings_dict
    direct = settings.DATABASE_URL.replace("/postgres?", f"/{usual['NAME']}?")
    words = psycopg.conninfo.conninfo_to_dict(direct)
    folder, port = tmp_path_factory.mktemp("pooled", numbered=True), free_port()
    server = f"host={words['host']} user={words['user']} dbname={words['dbname']}"
    pool = make_pool(folder, {"pooled": server}, listen_port=str(port), default_pool_size="1")
    pool.start()
    new = connection_settings({}, pooled=True, max_age=60, prepare_threshold=5)
    new |= {"HOST": "127.0.0.1", "PORT": str(port), "NAME": "pooled", "USER": words["user"]}
    connection.close()
    with pytest.MonkeyPatch.context() as patch, override_settings(DATABASE_POOLED=True):
        for name, value in new.items():
            patch.setitem(usual, name, value)
        wait_until(lambda: _answers(port), 10)
        yield direct
        connection.close()
    pool.end()


def _answers(port: int) -> bool:
    try:
        psycopg.connect(f"host=127.0.0.1 port={port} dbname=pooled user=postgres", connect_timeout=1).close()
        return True
    except psycopg.OperationalError:
        return False


@needs_servers
def test_clients_that_share_a_session_leave_nothing_in_it(pooled: str, client: Client) -> None:
    f.ConnectionFactory(merchant=(merchant := f.MerchantFactory()))
    rows = [f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)) for _ in range(4)]
    waiting = iter(rows)

    def act() -> None:
        subscription = next(waiting)
        for quantity in range(3, 10):  # more often than a statement runs before it is prepared
            actions.change_quantity(subscription, actor=f.STAFF, quantity=quantity)

    run_at_once(len(rows), act)
    assert Activity.objects.filter(verb="subscription.change_quantity").count() == 4 * 7
    assert Event.objects.count() == 4 * 7
    assert client.get("/readyz").json()["checks"]["migrations"]["status"] == "ok"
    products = Product.objects.order_by("pk").iterator(chunk_size=1)
    next(products)
    assert fetch_rows(LEFTOVERS, [FOLLOWED]) == []
    assert len(list(products)) == 3


@needs_servers
def test_what_the_sessions_lack_is_said_with_the_remedy(pooled: str, client: Client) -> None:
    assert missing_settings() == SESSION_SETTINGS
    (warning,) = [each for each in run_checks(databases=["default"]) if each.id == "portal.W002"]
    remedy = what_to_do(SESSION_SETTINGS)
    assert remedy in str(warning.hint)
    answer = client.get("/readyz").json()["checks"]["database"]
    assert answer == {"status": "warn", "missing_settings": SESSION_SETTINGS, "remedy": remedy}
    with psycopg.connect(pooled, autocommit=True) as server:
        try:
            server.execute(remedy)
            _end_sessions(server)
            wait_until(lambda: not missing_settings(), 10)
            assert client.get("/readyz").json()["checks"]["database"] == {"status": "ok"}
        finally:
            server.execute("ALTER ROLE CURRENT_USER RESET ALL")


def _end_sessions(server: psycopg.Connection[Any]) -> None:
    """As PgBouncer's RECONNECT does."""
    connection.close()
    server.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


@needs_servers
def test_a_backup_goes_past_the_pooler(pooled: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Set DATABASE_DIRECT_URL"):
        call_command("backup", tmp_path / "one.zip")
    with override_settings(DATABASE_DIRECT_URL=pooled):
        call_command("backup", tmp_path / "two.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["two.zip"]
    # pg_dump empties the search path of its session.
    assert fetch_rows("SHOW search_path", []) == [('"$user", public',)]


def test_no_statement_of_the_portal_leaves_anything_in_a_session() -> None:
    own = ("common", "config", "demo", "integrations", "onboarding", "oneclick", "subscriptions")
    files = [path for name in own for path in (settings.BASE_DIR / name).rglob("*.py")]
    found = [f"{path}: {match[0]}" for path in files for match in STATE.finditer(path.read_text())]
    assert found == []
    assert STATE.search('cursor.execute("SELECT pg_advisory_lock(1)")')
