from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from integrations.gladly.package import build_package, package_name


class Command(BaseCommand):
    help = "Write the app package for Gladly's App Platform into a ZIP file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="by default, the current folder")

    def handle(self, *, folder: Path, **_: Any) -> None:
        target = folder / package_name()
        target.write_bytes(build_package())
        self.stdout.write(str(target))
