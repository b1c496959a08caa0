"""Copies of a database that was migrated once, for the workers of the tests and for portals they start.

The migrated database stays in REPRISE_HOME for the next run, until a migration changes.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config import schedules

PREFIX = "migrated_"


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
            _migrate(draft)
            cursor.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    return name


def copy_server(home: Path) -> None:
    """Put the files of a migrated database server where the portal of `home` has its own."""
    folder = settings.HOME / "portals" / _fingerprint()
    with _only_one():
        if not folder.exists():
            shutil.rmtree(folder.parent, ignore_errors=True)
            draft = folder.with_name("draft")
            environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v", "0"],
                cwd=settings.BASE_DIR,
                env=environment | {"REPRISE_HOME": str(draft)},
                check=True,
            )
            draft.rename(folder)
    # shutil would not keep the owner.
    subprocess.run(["cp", "-a", folder / "postgres", home], check=True)


def _fingerprint() -> str:
    """Changes with everything `migrate` reads."""
    files = [Path(schedules.__file__)]
    for app in apps.get_app_configs():
        files += sorted(Path(app.path).glob("migrations/*.py"))
    texts = hashlib.sha256(django.__version__.encode())
    for file in files:
        texts.update(file.read_bytes())
    return texts.hexdigest()[:16]


def _migrate(database: str) -> None:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


@contextmanager
def _only_one() -> Iterator[None]:
    """Workers start at the same time; one of them migrates, the others wait."""
    with (settings.HOME / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
