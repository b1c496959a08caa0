"""Restores a backup into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from config.backups import BackupError, restore_backup
from config.supervision.supervisor import AlreadyRunning, single_instance_lock


class Command(BaseCommand):
    help = "Restore what `backup` wrote: the database, which must be empty, and the secrets file of REPRISE_HOME."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with single_instance_lock(settings.HOME / "run" / "supervisor.lock"):
                restore_backup(file)
        except (AlreadyRunning, BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Restored {file}. The next start with workers sends events and places orders from where the backup was."
        )
