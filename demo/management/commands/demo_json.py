import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo import loading


class Command(BaseCommand):
    help = "Print the demo's addresses, credentials and sample ids, new tokens and a new link as JSON."

    def handle(self, **options: Any) -> None:
        try:
            description = loading.describe_demo()
        except loading.DemoMissing as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(description, indent=2))
