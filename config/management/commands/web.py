"""Runs the web server alone, for an installation whose parts run on several machines."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.supervision import services


class Command(BaseCommand):
    help = "Run the web server alone, in the foreground, on LISTEN_HOST and PORT."

    def handle(self, *args: Any, **options: Any) -> None:
        command = services.web_command(settings.LISTEN_HOST, settings.PORT)
        os.execv(command[0], command)
