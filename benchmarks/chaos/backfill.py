"""`python -m benchmarks.chaos.backfill` tells the sandbox the status of 100,000 customers while workers are killed.

It prints a table for `docs/reliability.md`, and fails if a customer is skipped, told twice or told a wrong
status, or if the progress that staff see ever goes back or ahead of what the sandbox has.
"""

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.chaos.settled import markdown_table, settled_home

FAULTS = ("skipped", "wrong", "overlaps", "steps back", "ahead of the sandbox", "refused", "job errors")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos.backfill", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with settled_home() as home:
        came = run_backfill(home, options.customers, options.seed)
    print(markdown_table(_rows(came)))  # noqa: T201  the output is the product here
    found = [name for name in FAULTS if came[name]]
    if found or came["state"] != "done" or came["held"] != came["customers"]:
        sys.exit(f"Not as promised: {', '.join(found) or came['state']}")


def run_backfill(home: Path, customers: int, seed: int, kill_every: tuple[float, float] = (1, 4)) -> dict[str, Any]:
    """The report of `inside`, with the kills and the seconds that it took."""
    # Only now, because the modules read the settings.
    from benchmarks.chaos.trial import start_inside  # noqa: PLC0415  settings come first
    from tests.killer import Killer  # noqa: PLC0415  likewise
    from tests.portal import Portal  # noqa: PLC0415  likewise

    portal = Portal(home)
    portal.environment |= {"DJANGO_SETTINGS_MODULE": "benchmarks.chaos.settings", "HEARTBEAT_SECONDS": "5"}
    killer = Killer(portal, random.Random(seed), kill_every)
    with portal.running():
        begun = time.monotonic()
        with killer.at_work():
            found, _ = start_inside(portal, "backfill", json.dumps({"customers": customers})).communicate(timeout=3600)
        seconds = round(time.monotonic() - begun)
    return {**json.loads(found), "killed": killer.killed, "seconds": seconds}


def _rows(came: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("customers; profiles in the sandbox", f"{came['customers']:,}; {came['held']:,}"),
        ("workers killed with -9", str(came["killed"])),
        ("import requests the sandbox took, of which noted", f"{came['requests']}; {came['noted']}"),
        ("skipped; with a wrong status; noted twice", f"{came['skipped']}; {came['wrong']}; {came['overlaps']}"),
        ("refused; errors", f"{came['refused']}; {came['job errors']}"),
        ("looks at the progress; that went back; ahead of the sandbox", _looks(came)),
        ("state of the run; its jobs", f"{came['state']}; {came['jobs']}"),
        ("time", f"{came['seconds']} s"),
    ]


def _looks(came: dict[str, Any]) -> str:
    return f"{came['looks']}; {came['steps back']}; {came['ahead of the sandbox']}"


if __name__ == "__main__":
    main()
