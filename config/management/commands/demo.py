from typing import Any

from django.core.management.base import BaseCommand

from config import demo, demo_shop


class Command(BaseCommand):
    help = "Make the demo merchant unless it is there, and point it at the portal's present address."

    def handle(self, **options: Any) -> None:
        made = demo.load()
        self.stdout.write(f"{demo_shop.NAME}: {'made' if made else 'there already'}.")
