"""Creates a merchant with its owner, from options or by asking."""

import getpass
import os
import secrets
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse

from onboarding.forms import NewLoginForm, NewMerchantForm
from onboarding.new_merchant import lock_new_merchants
from subscriptions.models import Membership, Merchant, Role

PASSWORD = "REPRISE_OWNER_PASSWORD"


@dataclass(frozen=True, slots=True)
class Question:
    option: str
    field: str
    text: str


QUESTIONS = [
    Question("--name", "name", "Name of the shop"),
    Question("--shop-url", "shop_url", "Address of the shop, such as https://shop.example"),
    Question("--time-zone", "time_zone", "Time zone, such as America/New_York"),
    Question("--currency", "currency_code", "Currency, such as USD"),
    Question("--country", "country_code", "Country, such as US"),
    Question("--language", "locale", "Language, such as en-us"),
    Question("--owner", "username", "Login of the owner, such as an e-mail address"),
]
CREATED = """Created the {kind} merchant {merchant.name}.

  Merchant ID     {merchant.public_id.hex}
  Storefront key  {key}  (shown only now: your platform needs it)
  Staff pages     {url}
  Login           {login}  {password}
"""


class Command(BaseCommand):
    help = (
        "Create a merchant and its owner. Asks for what no option gives, if there is a terminal. The password comes "
        f"from {PASSWORD}, or is asked for, or is generated and shown once; an existing login keeps its own. Run again "
        "with the same name and owner, it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for question in QUESTIONS:
            parser.add_argument(question.option, dest=question.field, default="", help=f"{question.text}.")
        parser.add_argument("--test", action="store_true", help="A test merchant, whose orders are simulated.")
        parser.add_argument("--no-input", action="store_true", help="Ask nothing; a missing option is an error.")

    def handle(self, *, test: bool, no_input: bool, **options: Any) -> None:
        may_ask = sys.stdin.isatty() and not no_input
        missing = [question for question in QUESTIONS if not options[question.field]]
        if missing and not may_ask:
            raise CommandError(f"Missing: {', '.join(question.option for question in missing)}.")
        answers = {question.field: options[question.field] for question in QUESTIONS}
        answers |= {question.field: self._ask(question) for question in missing}
        login = answers["username"]
        password = os.environ.get(PASSWORD, "")
        if may_ask and not password and not User.objects.filter(username=login).exists():
            password = self._ask_password(login)
        self._create(answers, password, is_test=test)

    def _ask(self, question: Question) -> str:
        while True:
            answer = input(f"{question.text}: ").strip()
            form = NewMerchantForm(normal_values({question.field: answer}))
            problems = [problem for problem in list_problems(form) if problem.startswith(f"{question.option}: ")]
            if answer and not problems:
                return answer
            self.stderr.write("".join(problems))

    def _ask_password(self, login: str) -> str:
        """A good password, typed twice, or an empty one."""
        while password := getpass.getpass("Password (leave empty to have one generated): "):
            try:
                validate_password(password, User(username=login))
            except ValidationError as error:
                self.stderr.write(" ".join(error.messages))
                continue
            if password == getpass.getpass("Password again: "):
                break
            self.stderr.write("The two passwords differ.")
        return password

    @transaction.atomic
    def _create(self, answers: dict[str, str], password: str, *, is_test: bool) -> None:
        """Create both and report it. Raises CommandError with everything that is wrong."""
        lock_new_merchants()
        login, name = answers["username"], answers["name"]
        owner = User.objects.filter(username=login).first()
        if Membership.objects.filter(user=owner, role=Role.OWNER, merchant__name__iexact=name).exists():
            self.stdout.write(f"{login} has the merchant {name} already. Nothing was changed.")
            return
        if owner and not (owner.is_active and owner.is_staff):
            raise CommandError(f"--owner: {login} exists, but may not use the staff pages. Choose another login.")
        generated = "" if owner or password else secrets.token_urlsafe(12)
        chosen = {"username": login, "password1": password or generated, "password2": password or generated}
        form, owner_form = NewMerchantForm(normal_values(answers)), NewLoginForm(chosen)
        if not form.is_valid() or not (owner or owner_form.is_valid()):
            raise CommandError("\n".join(list_problems(form) + ([] if owner else list_problems(owner_form))))
        merchant = form.create(owner or owner_form.save(), is_test=is_test)
        known = f"{generated}  (shown only now)" if generated else "(with the password that you know)"
        self.stdout.write(
            CREATED.format(
                kind="test" if is_test else "live",
                merchant=merchant,
                key=merchant.storefront_key,
                url=settings.PUBLIC_URL + reverse("admin:index"),
                login=login,
                password=known,
            )
        )


def normal_values(answers: dict[str, str]) -> dict[str, Any]:
    """The merchant's values as its form offers them: people also type `usd`."""
    columns = {column.name: column for column in Merchant._meta.fields}
    return {name: columns[name].to_python(answers[name]) for name in NewMerchantForm.Meta.fields if name in answers}


def list_problems(form: NewMerchantForm | NewLoginForm) -> list[str]:
    """`--currency: “euro” is no currency …` for each."""
    options = {question.field: question.option for question in QUESTIONS}
    return [f"{options.get(field, PASSWORD)}: {' '.join(map(str, found))}" for field, found in form.errors.items()]
