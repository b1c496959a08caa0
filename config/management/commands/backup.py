"""Writes a backup of the database and the secrets to a file."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from config.backups import BackupError, write_backup


class Command(BaseCommand):
    help = "Write the database and the secrets to a new file. The portal may run meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The file, or a folder in which the time names the file.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        path = file / f"reprise-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.zip" if file.is_dir() else file
        try:
            write_backup(path)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Wrote {path} ({path.stat().st_size:,} bytes). Keep it secret: it holds the secrets.")
