"""`python -m benchmarks.chaos` prints the table of `docs/reliability.md`.

It fails if an event is lost or out of order.
"""

import argparse
import sys
from typing import Any

from benchmarks.chaos.settled import markdown_table, settled_home


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--customers", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    options = vars(parser.parse_args())
    with settled_home() as home:
        # Only now, because the modules read the settings.
        from benchmarks.chaos.trial import Trial, run_trial  # noqa: PLC0415  settings come first

        came = run_trial(Trial(**options), home)
    print(table(came))  # noqa: T201  the output is the product here
    if faults_of(came):
        sys.exit("Not as promised: " + ", ".join(faults_of(came)))


def faults_of(came: dict[str, Any]) -> list[str]:
    """What a trial must not end with."""
    found = [name for name in ("missing", "doubled", "out_of_order") if came[name]]
    return found + [state for state in came["states"] if state != "done"]


def table(came: dict[str, Any]) -> str:
    answers = came["answers"]
    by_status = ", ".join(f"{name}: {count:,}" for name, count in sorted(answers.items()) if name != "in bulk")
    rows = [
        ("events, of customers", f"{came['events']:,}, of {came['customers']:,}"),
        ("workers killed with -9; restarts of PostgreSQL", f"{came['killed']}; {came['restarts']}"),
        ("attempts by answer", by_status),
        ("attempts in a bulk request", f"{answers['in bulk']:,}"),
        (
            "events whose worker died while sending them; most times in a row",
            f"{came['interrupted']:,}; {came['most_deaths_in_a_row']}",
        ),
        ("events in the sandbox", f"{came['held']:,}"),
        (
            "missing; held twice; customers out of order",
            f"{came['missing']}; {came['doubled']}; {came['out_of_order']}",
        ),
        ("states of the deliveries", ", ".join(f"{state}: {count:,}" for state, count in came["states"].items())),
        ("time", f"{came['seconds']} s"),
    ]
    return markdown_table(rows)


if __name__ == "__main__":
    main()
