"""A backup: one zip file with the database, the secrets without which it is useless, and the migrations it has.

The database streams into the file and out of it, so neither needs room beside it. A file that was cut off lacks the
directory at its end, and each part has a checksum.
"""

import json
import os
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from shutil import copyfileobj
from subprocess import PIPE, Popen
from typing import IO, Any, cast

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config import postgres
from config.secrets import FORMER, GENERATORS

FORMAT = 1
ABOUT, SECRETS, DATABASE = "about.json", "secrets.env", "database.dump"
DUMP = ("pg_dump", "--format=custom", "--no-owner", "--no-acl")
# All or nothing. An extension may belong to the server's owner, and then only that one may comment on it.
RESTORE = ("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl", "--no-comments")
CHUNK = 1024 * 1024  # bytes


class BackupError(Exception):
    """Nothing was written or restored; the text says why."""


def write_backup(path: Path) -> None:
    """Write the database as it is at this moment, and the secrets, to the new file `path` (mode 0600)."""
    draft = path.with_name(f"{path.name}.part")
    if path.exists():
        raise BackupError(f"{path} exists.")
    try:
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w") as backup:
                applied = list(MigrationLoader(connection).applied_migrations)
                backup.writestr(ABOUT, json.dumps({"format": FORMAT, "migrations": applied}))
                names = [*GENERATORS, *(name for name in FORMER if name in os.environ)]
                backup.writestr(SECRETS, "".join(f"{name}={os.environ[name]}\n" for name in names))
                with backup.open(DATABASE, "w", force_zip64=True) as dump:
                    _run_program(DUMP, sink=dump)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except FileExistsError:
        raise BackupError(f"{draft} exists: another backup writes it, or was killed. Remove it then.") from None
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def restore_backup(path: Path) -> None:
    """Fill the empty database, and the secrets file of REPRISE_HOME, whose former content stays beside it."""
    secrets = _check_backup(path)
    _refuse_other_secrets(secrets)
    if connection.introspection.table_names():
        raise BackupError("The database is not empty. Restore into a new one.")
    target = settings.HOME / SECRETS
    draft = target.with_suffix(".restored")
    draft.touch(mode=0o600)
    draft.write_text(secrets)
    try:
        with zipfile.ZipFile(path) as backup, backup.open(DATABASE) as dump:
            _run_program(RESTORE, source=dump)
        if target.exists() and target.read_text() != secrets:
            target.rename(target.with_suffix(".replaced"))
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _check_backup(path: Path) -> str:
    """The secrets of a backup that is whole, and that this version of the portal understands."""
    try:
        with zipfile.ZipFile(path) as backup:
            damaged = backup.testzip()
            about = json.loads(backup.read(ABOUT))
            secrets = backup.read(SECRETS).decode()
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise BackupError(f"{path} is not a whole backup: {error}") from None
    if damaged:
        raise BackupError(f"{path} is damaged: {damaged} is not what was written.")
    known = MigrationLoader(None).disk_migrations or {}
    if about["format"] != FORMAT or any(tuple(name) not in known for name in about["migrations"]):
        raise BackupError(f"{path} is of another version of the portal. Install that version, or a newer one.")
    return secrets


def _refuse_other_secrets(secrets: str) -> None:
    """What the environment sets would override the restored file."""
    kept = dict(line.split("=", 1) for line in secrets.splitlines())
    if other := [name for name in settings.SECRETS_IN_ENVIRONMENT if os.environ[name] != kept.get(name)]:
        raise BackupError(f"The environment sets {', '.join(other)}, to other values than the backup. Unset them.")


def _read_server() -> dict[str, Any]:
    """How the programs of PostgreSQL reach it: not through a pooler, where their settings would stay for others."""
    if settings.DATABASE_DIRECT_URL:
        return conninfo_to_dict(settings.DATABASE_DIRECT_URL)
    if settings.DATABASE_POOLED:
        raise BackupError("A pooler is in front of the database. Set DATABASE_DIRECT_URL to the server behind it.")
    connection.ensure_connection()
    info = connection.connection.info
    # Without the limits of time that the portal sets for its own statements.
    parameters = {name: value for name, value in info.get_parameters().items() if name != "options"}
    return parameters | ({"password": info.password} if info.password else {})


def _run_program(command: tuple[str, ...], source: IO[bytes] | None = None, sink: IO[bytes] | None = None) -> None:
    """Run a program of PostgreSQL on the portal's database, fed from `source` or writing to `sink`."""
    server = _read_server()
    password = server.pop("password", None)
    words = [str(postgres.BIN / command[0]), *command[1:], f"--dbname={make_conninfo(**server)}"]
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    with tempfile.TemporaryFile("w+") as said:
        # A program that gives up closes its pipe; what it said tells why.
        with suppress(BrokenPipeError), Popen(words, env=environment, stdin=PIPE, stdout=PIPE, stderr=said) as run:
            try:
                copyfileobj(source or cast(IO[bytes], run.stdout), sink or cast(IO[bytes], run.stdin), CHUNK)
            except BaseException:
                run.kill()  # it could take the end of its input for the whole
                raise
        if run.returncode:
            said.seek(0)
            raise BackupError(f"{command[0]} failed:\n{said.read().strip()}")
