"""Creates a key of the REST API."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from subscriptions.api_keys import create_api_key
from subscriptions.errors import Refused
from subscriptions.importing.command import find_merchant
from subscriptions.models import ApiKey


class Command(BaseCommand):
    help = "Create a key of the REST API for a merchant. It is shown once; owners revoke it under Settings, API keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What the key is for, such as Checkout.")
        parser.add_argument("--merchant", required=True, help="The merchant's public id or name.")
        parser.add_argument("--scopes", nargs="+", default=["read", "write"], metavar="SCOPE", choices=ApiKey.SCOPES)

    def handle(self, *, name: str, merchant: str, scopes: list[str], **options: Any) -> None:
        longest = ApiKey._meta.get_field("name").max_length or 0
        if not name.strip() or len(name) > longest:
            raise CommandError(f"Give the key a name of at most {longest} characters.")
        try:
            _, text = create_api_key(find_merchant(merchant), name.strip(), scopes)
        except Refused as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"{text}\nIt is shown only now. Its scopes: {', '.join(scopes)}.")
