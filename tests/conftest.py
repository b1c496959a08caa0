import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker

from subscriptions.api import request_log
from tests import migrated, surfaces
from tests.scale import is_drawn


@pytest.hookimpl(trylast=True)  # after pytest-randomly
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with slow tests run first, so that no worker begins one when the others are finished."""
    slow = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in slow)
    for path in {item.path for item in items if item.get_closest_marker("in_order")}:
        places = [place for place, item in enumerate(items) if item.path == path]
        steps = sorted((items[place] for place in places), key=lambda item: item.location[1] or 0)
        for place, item in zip(places, steps, strict=True):
            items[place] = item
    if config.args == config.getini("testpaths"):  # who names a file wants all of it
        seed = config.getoption("randomly_seed", 0)
        sampled = [(item, mark) for item in items for mark in item.iter_markers("sampled")]
        left_out = {item for item, mark in sampled if not is_drawn(item.nodeid, *mark.args, seed=seed)}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """Everything loaded by now stays until the end, so the garbage collector need not look at it again."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How to repeat the order, and how many cases the tests made that make their own."""
    if seed := config.getoption("randomly_seed", None):
        terminalreporter.write_line(f"The same order again: --randomly-seed={seed}")
    for report in terminalreporter.getreports(""):  # of the ends of tests
        for name, value in report.user_properties:
            if name == "cases" and report.when == "teardown":
                terminalreporter.write_line(f"{report.nodeid}: {value} cases")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Test databases start as copies of a migrated one, and their commits do not wait for the disk."""
    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
    with django_db_blocker.unblock():
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = migrated.ensure_template()


@pytest.fixture(scope="session", autouse=True)
def quick_password_hashes() -> Iterator[None]:
    """Django's own hasher takes a quarter of a second on purpose."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def requests_logged_by_hand() -> Iterator[None]:
    """Tests write the log of requests themselves: its thread does not see the rows of their transactions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_log, "start_writer", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def emptied_by_delete() -> Iterator[None]:
    """After a test that commits, DELETE empties the tables: TRUNCATE makes a new file for each table and index.

    The rows that `migrate` makes stay as they are.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _empty)
        yield


def _empty(test: TransactionTestCase) -> None:
    kept = {"django_migrations", "django_content_type", "auth_permission", "django_q_schedule"}
    tables = [table for table in connection.introspection.django_table_names() if table not in kept]
    deletes = "; ".join(f"DELETE FROM {table}" for table in tables)
    # Locked first, as TRUNCATE does, so that a thread still writing finishes before.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK {', '.join(tables)}")
        cursor.execute(f"DO 'BEGIN {deletes}; END'")


@pytest.fixture(scope="session")
def contracts() -> Path:
    """The folder of the published interface descriptions, for tests marked `contract`."""
    folder = Path(os.environ.get("REPRISE_CONTRACTS", "../shared/contracts"))
    if not folder.is_dir():
        reason = f"no interface descriptions in {folder}; set REPRISE_CONTRACTS"
        if os.environ.get("REPRISE_CONTRACTS_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(autouse=True)
def only_actions_write() -> Iterator[None]:
    """In no test may a surface write a customer's data by itself: the statements of every thread are watched."""
    connection_created.connect(surfaces.attach_watch)
    surfaces.attach_watch(connection)
    surfaces.found_writes.clear()
    yield
    assert surfaces.found_writes == []


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon in New York on November 20, 2026, until the test moves the clock."""
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as clock:
        yield clock
