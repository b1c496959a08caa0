"""A folder with a migrated database for a trial, and the table that tells what came of it."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections


@contextmanager
def settled_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="reprise-chaos-") as home:
        # Not the end of this process: the portal has to be stopped first.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        os.environ.pop("DATABASE_URL", None)
        os.environ |= {"REPRISE_HOME": home, "DJANGO_SETTINGS_MODULE": "config.settings"}
        django.setup()
        call_command("migrate", verbosity=0)
        connections.close_all()
        yield Path(home)


def markdown_table(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(["| what | figure |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in rows)])
