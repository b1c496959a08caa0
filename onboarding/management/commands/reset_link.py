"""Helps somebody who cannot log in."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from subscriptions.models import SecondFactor
from subscriptions.staff.audit import Kind, audit_teams
from subscriptions.staff.reset_links import RESET_HOURS, reset_link
from subscriptions.staff.sessions import end_sessions


class Command(BaseCommand):
    help = (
        "Print a link by which a login sets a new password. With --lost-device, two-factor is turned off as well and "
        "all its sessions end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--lost-device", action="store_true", help="The authenticator app is lost, too.")

    @transaction.atomic
    def handle(self, *, login: str, lost_device: bool, **options: Any) -> None:
        user = User.objects.filter(username=login, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no login {login}.")
        done = ["Made a link to set a new password."]
        if lost_device:
            SecondFactor.objects.filter(user=user).delete()
            end_sessions(user)
            done.append("Turned two-factor off, as the device is lost, and ended all logins.")
        for sentence in done:
            audit_teams(user, Kind.ACCESS, sentence, who="Operator of the portal")
        self.stdout.write(f"{reset_link(user)}\nIt works once, for {RESET_HOURS} hours.")
