"""`make bench`: one JSON line per figure. `python -m benchmarks placements` measures one group of them."""

import os
import sys
import tempfile
from importlib import import_module

import django
from django.core.management import call_command

GROUPS = ["redemptions", "pages", "placements", "reminders", "delivery", "catalogue", "lists", "lookups"]
GROUPS += ["staff_pages", "slow_clients"]


def main() -> None:
    # A home and a database of its own, so that no merchant's data is read or written.
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as home:
        os.environ.pop("DATABASE_URL", None)
        os.environ |= {"REPRISE_HOME": home, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
        django.setup()
        call_command("migrate", verbosity=0)
        for name in sys.argv[1:] or GROUPS:
            call_command("flush", interactive=False, verbosity=0)
            # Imported only now, because the modules read the settings.
            for figure in import_module(f"benchmarks.{name}").measure_figures():
                print(figure.line(), flush=True)  # noqa: T201  the output is the product here


if __name__ == "__main__":
    main()
