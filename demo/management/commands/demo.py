from typing import Any

from django.core.management.base import BaseCommand

from demo import loading, shop


class Command(BaseCommand):
    help = "Make the demo merchant unless it is there, and point it at the portal's present address."

    def handle(self, **options: Any) -> None:
        made = loading.load()
        self.stdout.write(f"{shop.NAME}: {'made' if made else 'there already'}.")
