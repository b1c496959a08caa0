import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import demo


class Command(BaseCommand):
    help = "Print the demo's addresses, credentials, sample ids, fresh tokens and a fresh link as JSON."

    def handle(self, **options: Any) -> None:
        try:
            description = demo.describe()
        except demo.NoDemo as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(description, indent=2))
