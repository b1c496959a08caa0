from typing import Any

from django.core.management.base import BaseCommand

from demo import loading, merchant_data


class Command(BaseCommand):
    help = "Create the demo merchant unless it exists, and update its addresses to the portal's current one."

    def handle(self, **options: Any) -> None:
        created = loading.load_demo()
        self.stdout.write(f"{merchant_data.NAME}: {'created' if created else 'already exists'}.")
