"""`make bench`: one JSON line per figure. Name figures to measure only those."""

import os
import sys
import tempfile

import django
from django.core.management import call_command


def main() -> None:
    # A home and a database of its own: nothing is measured on, or written to, a merchant's data.
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as home:
        os.environ.pop("DATABASE_URL", None)
        os.environ |= {"REPRISE_HOME": home, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
        django.setup()
        call_command("migrate", verbosity=0)
        # The modules read the settings when they are imported.
        from benchmarks import redemptions  # noqa: PLC0415  settings come first

        for figure in redemptions.figures():
            print(figure.line(), flush=True)  # noqa: T201  the output is the product here


if __name__ == "__main__":
    sys.exit(main())
