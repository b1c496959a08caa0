"""Runs the worker clusters alone, for an installation whose parts run on several machines."""

from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db import connections

from config.supervision import services
from config.supervision.leftovers import end_leftovers
from config.supervision.supervisor import AlreadyRunning, Supervisor, single_instance_lock


class Command(BaseCommand):
    help = "Run two worker clusters alone, in the foreground, and restart one that is silent."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with single_instance_lock(settings.HOME / "run" / "supervisor.lock"):
                end_leftovers(settings.HOME)
                supervisor = Supervisor()
                connections.close_all()
                self.stdout.write("Reprise is running: its workers alone. Press Ctrl-C to stop them.")
                self.stdout.flush()
                services.keep_clusters_alive(supervisor, services.worker_clusters())
        except AlreadyRunning as refusal:
            raise CommandError(str(refusal)) from None
