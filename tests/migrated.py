"""Copies of a database that was migrated once, for the workers of the tests and for portals they start.

The migrated database stays in REPRISE_HOME for the next run, until a migration changes.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import ProjectState

from config import postgres, schedules
from tests.databases import connected_to

PREFIX = "migrated_"
_find_related_models = ProjectState._find_reload_model


def ensure_template() -> str:
    """The name of a migrated database to copy, to which nobody connects."""
    name = PREFIX + _fingerprint()
    with _only_one(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        found = [row[0] for row in cursor.fetchall()]
        if name not in found:
            for old in found:
                cursor.execute(f"DROP DATABASE {old}")
            draft = f"{name}_draft"
            cursor.execute(f"CREATE DATABASE {draft}")
            with connected_to(draft):
                migrate_quickly()
            cursor.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    return name


def copy_server(home: Path) -> None:
    """Put the files of a migrated database server where the portal of `home` has its own."""
    folder = settings.HOME / "portals" / _fingerprint()
    with _only_one("portals.lock"):
        if not folder.exists():
            shutil.rmtree(folder.parent, ignore_errors=True)
            draft = folder.with_name("draft")
            # In a process of its own, because the server stops with the last one that uses it.
            fill = f"import pathlib; from tests import migrated; migrated.fill_server(pathlib.Path({str(draft)!r}))"
            shell = [sys.executable, "manage.py", "shell", "-v", "0", "-c"]
            subprocess.run([*shell, fill], cwd=settings.BASE_DIR, check=True)
            draft.rename(folder)
    # shutil would not keep the owner.
    subprocess.run(["cp", "-a", folder / "postgres", home], check=True)


def fill_server(home: Path) -> None:
    """Start a database server of its own in `home` with a copy of the migrated database: quicker than migrating."""
    template = settings.DATABASE_URL.replace("/postgres?", f"/{ensure_template()}?")
    dump = subprocess.run([postgres.BIN / "pg_dump", template], capture_output=True, check=True).stdout
    restore = [postgres.BIN / "psql", "-q", "-v", "ON_ERROR_STOP=1", postgres.start_embedded_server(home)]
    subprocess.run(restore, input=dump, stdout=subprocess.DEVNULL, check=True)


def migrate_quickly() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProjectState, "_find_reload_model", _find_model_to_reload)
        call_command("migrate", verbosity=0)


def _fingerprint() -> str:
    """Changes with everything `migrate` reads."""
    files = [Path(schedules.__file__)]
    for app in apps.get_app_configs():
        files += sorted(Path(app.path).glob("migrations/*.py"))
    texts = hashlib.sha256(django.__version__.encode())
    for file in files:
        texts.update(file.read_bytes())
    return texts.hexdigest()[:16]


def _find_model_to_reload(
    state: ProjectState, app_label: str, model_name: str, delay: bool = False
) -> set[tuple[str, str]]:
    """The models to make anew after a change of one: only that one, where the change does not matter to others.

    Django also makes all that refer to the same models, here forty each time, which is nine tenths of a migration.
    """
    if not delay:
        return _find_related_models(state, app_label, model_name)
    state.is_delayed = True
    return {(app_label, model_name)}


@contextmanager
def _only_one(lock_name: str = "migrated.lock") -> Iterator[None]:
    """Workers start at the same time; one of them migrates, the others wait."""
    with (settings.HOME / lock_name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
