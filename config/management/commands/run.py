"""Runs the whole portal from one foreground process."""

import http.client
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connections
from django.urls import reverse

from config.supervision import services
from config.supervision.leftovers import end_leftovers
from config.supervision.supervisor import AlreadyRunning, Supervisor, on_stop_signals, single_instance_lock
from demo import loading
from onboarding.new_merchant import has_live_merchant
from onboarding.setup_link import setup_link

WELCOME = """
  Reprise is running. Press Ctrl-C to stop it.

  Staff pages   {url}
  Login         {username}  {password}
  1-click link  {link}
"""
WELCOME_WITHOUT_DEMO = """
  Reprise is running. Press Ctrl-C to stop it.

  Staff pages   {url}
"""
SETUP = """
  Your own shop {link}
                (set it up there: the link works once, within 24 hours)
"""


class Command(BaseCommand):
    help = "Run the database, the web server, the workers and the scheduler in the foreground. PORT sets the port."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="Do not create demo data on the first run.")

    def handle(self, *args: Any, no_demo: bool, **options: Any) -> None:
        on_stop_signals(lambda *_: sys.exit(0))
        try:
            with single_instance_lock(settings.HOME / "run" / "supervisor.lock"):
                self._prepare(no_demo)
                self._supervise(no_demo)
        except OperationalError as error:
            raise CommandError(f"The database cannot be used. Look at DATABASE_URL. {error}") from None
        except AlreadyRunning as refusal:
            raise CommandError(str(refusal)) from None

    def _prepare(self, no_demo: bool) -> None:
        if count := end_leftovers(settings.HOME):
            self.stderr.write(f"Ended {count} processes that an earlier run left behind.")
        _require_free_port()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if not no_demo:
            call_command("demo")
        connections.close_all()

    def _supervise(self, no_demo: bool) -> None:
        supervisor = Supervisor()
        supervisor.children = [services.web_server(settings.LISTEN_HOST, settings.PORT)]
        try:
            while supervisor.step() and not _web_responds():
                pass
            if not supervisor.stopping:
                self._welcome(no_demo)
                # Only now: the web server serves the sandbox, and a worker that cannot reach it waits half a minute.
                services.keep_clusters_alive(supervisor, services.worker_clusters())
        finally:
            supervisor.stop()

    def _welcome(self, no_demo: bool) -> None:
        if no_demo:
            text = WELCOME_WITHOUT_DEMO.format(url=settings.PUBLIC_URL + reverse("admin:index"))
        else:
            found = loading.describe_demo()
            text = WELCOME.format(**found["admin"], link=found["link"])
        # Only whoever starts the portal reads this, so the link can make its holder the first owner.
        text += "" if has_live_merchant() else SETUP.format(link=setup_link())
        self.stdout.write(text)
        self.stdout.flush()
        connections.close_all()


def _require_free_port() -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.LISTEN_HOST else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.LISTEN_HOST, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"Port {settings.PORT} on {settings.LISTEN_HOST} is not free ({error.strerror}). "
                "Choose another port, for example PORT=8001."
            ) from None


def _web_responds() -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.LISTEN_HOST, settings.LISTEN_HOST)
    caller = http.client.HTTPConnection(host, settings.PORT, timeout=5)
    try:
        caller.request("GET", "/healthz")
        caller.getresponse()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        caller.close()
