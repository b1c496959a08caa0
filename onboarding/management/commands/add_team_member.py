"""Puts somebody on a merchant's team."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from onboarding.forms import NewLoginForm
from subscriptions.importing.command import find_merchant
from subscriptions.models import Membership, Role


class Command(BaseCommand):
    help = (
        "Add a login to a merchant's team. A new login gets a generated password, shown once; a login that exists "
        "keeps its password. Run again with the same role, it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="For example an e-mail address.")
        parser.add_argument("--merchant", required=True, help="The merchant's public id or name.")
        parser.add_argument(
            "--role", required=True, choices=Role.values, help="docs/operators/operating.md has the table."
        )

    @transaction.atomic
    def handle(self, *, login: str, merchant: str, role: str, **options: Any) -> None:
        team = find_merchant(merchant)
        user = User.objects.filter(username=login).first()
        if user and not (user.is_active and user.is_staff):
            raise CommandError(f"{login} exists, but may not use the staff pages. Choose another login.")
        if member := Membership.objects.filter(merchant=team, user=user).first():
            if member.role != role:
                raise CommandError(f"{login} is on the team already; an owner changes roles under Settings, Team.")
            self.stdout.write(f"{login} is on the team of {team} already. Nothing was changed.")
            return
        said = "The password stays as it is." if user else ""
        if user is None:
            password = secrets.token_urlsafe(12)
            form = NewLoginForm({"username": login, "password1": password, "password2": password})
            if not form.is_valid():
                raise CommandError(" ".join(text for texts in form.errors.values() for text in map(str, texts)))
            user = form.save()
            said = f"The password, shown only now: {password}"
        member = Membership.objects.create(merchant=team, user=user, role=role)
        self.stdout.write(f"{login} is on the team of {team} as {member.get_role_display()}. {said}")
