"""A backup of the last release is restored and upgraded, and that database is backed up and restored."""

import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from config import postgres
from config.backups import ABOUT, DATABASE, SECRETS, BackupError, restore_backup, write_backup
from config.secrets import GENERATORS
from subscriptions.figures.active import count_active
from subscriptions.figures.cohorts import read_cohort_parts
from subscriptions.models import Merchant, Subscription
from tests import migrated
from tests.databases import Rows, connected_to, count_rows, new_database, read_rows, read_schema

# The demo shop of the version before this one (18e2e7e): `manage.py backup` beside `make run`, after `make demo-json`.
RELEASED = Path(__file__).parent / "released.zip"
# What the migrations since then add: columns, and rows in the tables that each migration writes to.
ADDED = {"subscriptions_merchant": {"history_days", "history_until"}}
GROWING = {"auth_permission", "django_content_type", "django_migrations"}


@dataclass
class Upgrade:
    url: str
    released: Rows  # before the migrations


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[Upgrade]:
    home = tmp_path_factory.mktemp("home")
    with django_db_blocker.unblock(), new_database("upgraded") as url, connected_to("upgraded"):
        with override_settings(HOME=home, SECRETS_IN_ENVIRONMENT=[]):
            restore_backup(RELEASED)
        released = read_rows(url)
        migrated.migrate_quickly()
        yield Upgrade(url, released)


@pytest.fixture(scope="module")
def backup(upgrade: Upgrade, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backup") / "reprise.zip"
    write_backup(path)
    return path


@pytest.fixture
def empty(upgrade: Upgrade, tmp_path: Path) -> Iterator[str]:
    """An empty database, which the portal uses with a new home."""
    secrets = override_settings(HOME=tmp_path, SECRETS_IN_ENVIRONMENT=[])
    with secrets, new_database("empty") as url, connected_to("empty"):
        yield url


def manage(home: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command of an operator does whose environment has the given variables."""
    inherited = {name: text for name, text in os.environ.items() if name not in {*GENERATORS, "DATABASE_URL"}}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env=inherited | {"REPRISE_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_upgraded_database_has_the_schema_of_a_new_one(upgrade: Upgrade) -> None:
    with new_database("fresh", migrated.ensure_template()) as fresh:
        assert read_schema(upgrade.url) == read_schema(fresh)


def test_an_upgrade_keeps_every_row_as_it_was(upgrade: Upgrade) -> None:
    released, upgraded = upgrade.released, read_rows(upgrade.url)
    assert len(released) > 80 and sum(map(len, released.values())) > 2000
    for table in released.keys() - {"sequences"}:
        kept = [{name: row[name] for name in row.keys() - ADDED.get(table, set())} for row in upgraded[table]]
        if table in GROWING:
            kept = [row for row in kept if row in released[table]]
        assert count_rows(kept) == count_rows(released[table]), table
    moved = {row["name"] for row in released["sequences"] if row not in upgraded["sequences"]}
    assert moved == {f"{table}_id_seq" for table in GROWING}
    assert {table for table in upgraded.keys() - released.keys() if upgraded[table]} == set()


def test_after_an_upgrade_the_figures_count_the_subscriptions_that_are_there(upgrade: Upgrade) -> None:
    for merchant in Merchant.objects.only("time_zone"):
        rows = Subscription.objects.filter(merchant=merchant, customer__is_test=False)
        parts = read_cohort_parts(merchant, date(2000, 1, 1), date(2100, 1, 1))
        assert sum(part.n for part in parts) == rows.count() > 0
        assert sum(part.n for part in parts if part.ended is None) == rows.live().count()
        assert count_active(merchant).subscriptions == rows.live().count()


@pytest.mark.slow
def test_the_commands_restore_every_row_into_the_database_that_the_portal_brings(
    upgrade: Upgrade, tmp_path: Path
) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "reprise.zip"
    made = manage(old, "backup", str(file), DATABASE_URL=upgrade.url)
    assert (made.returncode, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600), made.stderr
    embedded = postgres.start_embedded_server(new)
    try:
        restored = manage(new, "restore", str(file))
        assert restored.returncode == 0, restored.stderr
        rows = read_rows(embedded)
        assert sum(map(len, rows.values())) > 1000
        assert rows == read_rows(upgrade.url)
        assert read_schema(embedded) == read_schema(upgrade.url)
    finally:
        postgres._run_program("pg_ctl", "stop", "-m", "immediate", "-D", str(new / "postgres"))
    secrets = new / "secrets.env"
    assert secrets.read_text() == (old / "secrets.env").read_text()
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


def test_a_database_with_tables_is_left_as_it_is(upgrade: Upgrade, backup: Path, tmp_path: Path) -> None:
    before = read_rows(upgrade.url)
    with override_settings(HOME=tmp_path, SECRETS_IN_ENVIRONMENT=[]), pytest.raises(BackupError, match="not empty"):
        restore_backup(backup)
    assert list(tmp_path.iterdir()) == []
    assert read_rows(upgrade.url) == before


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def change_a_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def rewrite(path: Path, name: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as backup:
        parts = {part: backup.read(part) for part in (ABOUT, SECRETS, DATABASE)}
    assert old in parts[name]
    with zipfile.ZipFile(path, "w") as changed:
        for part, content in parts.items():
            changed.writestr(part, content.replace(old, new) if part == name else content)


def name_a_later_migration(path: Path) -> None:
    rewrite(path, ABOUT, b'["subscriptions", "0001_', b'["subscriptions", "9001_')


def make_the_dump_fail_half_way(path: Path) -> None:
    with zipfile.ZipFile(path) as backup:
        dump = backup.read(DATABASE)
    rewrite(path, DATABASE, dump, dump[:-10_000])  # behind the tables, among their rows


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (cut_off, "not a whole backup"),
        (change_a_byte, "is damaged: database.dump"),
        (name_a_later_migration, "another version"),
        (make_the_dump_fail_half_way, "pg_restore failed"),
        (lambda path: path.write_text("hello"), "not a whole backup"),
        (Path.unlink, "not a whole backup"),
    ],
)
def test_a_backup_that_is_not_whole_changes_nothing(
    backup: Path, empty: str, tmp_path: Path, spoil: object, reason: str
) -> None:
    spoilt = tmp_path / "spoilt.zip"
    spoilt.write_bytes(backup.read_bytes())
    spoil(spoilt)
    with pytest.raises(BackupError, match=reason):
        restore_backup(spoilt)
    assert read_rows(empty) == {"sequences": []}
    assert [path.name for path in tmp_path.iterdir() if path != spoilt] == []


def test_secrets_that_the_environment_overrides_are_refused(
    backup: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "another")
    given = override_settings(SECRETS_IN_ENVIRONMENT=["API_KEY_SECRET", "SECRET_KEY"])
    with given, pytest.raises(BackupError, match="sets SECRET_KEY, to other values"):
        restore_backup(backup)
    assert read_rows(empty) == {"sequences": []}


def test_the_secrets_that_were_there_stay_beside_the_restored_ones(backup: Path, empty: str, tmp_path: Path) -> None:
    (tmp_path / SECRETS).write_text("SECRET_KEY=former\n")
    restore_backup(backup)
    assert (tmp_path / "secrets.replaced").read_text() == "SECRET_KEY=former\n"
    assert "SECRET_KEY=former" not in (tmp_path / SECRETS).read_text()


def test_no_backup_replaces_a_file_and_a_failed_one_leaves_none(
    upgrade: Upgrade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reprise.zip"
    path.write_text("kept")
    with pytest.raises(BackupError, match="exists"):
        write_backup(path)
    assert path.read_text() == "kept"
    monkeypatch.setattr("config.backups.DUMP", ("pg_dump", "--no-such-option"))
    with pytest.raises(BackupError, match="no-such-option"):
        write_backup(tmp_path / "other.zip")
    assert [left.name for left in tmp_path.iterdir()] == ["reprise.zip"]


def test_the_password_of_the_database_is_not_shown_in_the_list_of_processes(
    upgrade: Upgrade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pg_dump").write_text('#!/bin/sh\necho "$PGPASSWORD $*"')
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setattr("config.postgres.BIN", tmp_path)
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cret")
    connection.close()
    write_backup(tmp_path / "reprise.zip")
    connection.close()
    with zipfile.ZipFile(tmp_path / "reprise.zip") as written:
        password, _, words = written.read(DATABASE).decode().partition(" ")
    assert password == "s3cret"
    assert "dbname=upgraded" in words and "s3cret" not in words
