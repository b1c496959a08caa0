"""`python -m benchmarks.day` plays the day at ten times the realistic size, `--times 10 20 30` at ever more until
something gives way. The merchant has the subscribers of the first size; what happens on the day grows.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.chaos.settled import settled_home

ANSWER_MS = "50"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument("--times", type=int, nargs="+", default=[10], help="of 50,000 subscribers")
    parser.add_argument("--minutes", type=float, default=12, help="into which the 24 hours are pressed")
    options = parser.parse_args()
    with settled_home() as home:
        # The web server answers as for many customers' computers, not as for one.
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        play_days(home, options.times, options.minutes * 60 / 24)


def play_days(home: Path, times: list[int], hour_seconds: float) -> None:
    # Only now, because the modules read the settings.
    from benchmarks.day.merchant import SUBSCRIBERS, Day, create_merchant, plan_orders  # noqa: PLC0415  settings first
    from benchmarks.day.processor import Processor  # noqa: PLC0415  likewise
    from benchmarks.day.report import delivery_rows, find_what_gave, make_report, request_rows  # noqa: PLC0415  likewise
    from benchmarks.day.traffic import Kind, send_traffic  # noqa: PLC0415  likewise
    from benchmarks.day.visits import make_visits  # noqa: PLC0415  likewise
    from benchmarks.day.work import Work  # noqa: PLC0415  likewise
    from benchmarks.placements import run_platform  # noqa: PLC0415  likewise
    from tests.portal import Portal  # noqa: PLC0415  likewise

    portal, subscribers = Portal(home), SUBSCRIBERS * times[0]
    portal.environment["HEARTBEAT_SECONDS"] = "60"  # as an operator's, not as the tests'
    with run_platform() as platform, _run_receiver(home) as receiver:
        merchant = create_merchant(subscribers, f"http://127.0.0.1:{platform}/orders", f"http://127.0.0.1:{receiver}")
        visits = make_visits(merchant, subscribers)
        with portal.running():
            for day in map(Day, times):
                plan_orders(merchant, day.orders)
                kinds = [Kind(name, *requests, visits[name]) for name, requests in day.requests.items()]
                processor = Processor(portal)
                work = Work(merchant, processor, hour_seconds)
                with work.going_on():
                    send_traffic(portal.port, kinds, hour_seconds)
                print(make_report(day, hour_seconds, kinds, work, processor), flush=True)  # noqa: T201  the product here
                if find_what_gave(request_rows(kinds), delivery_rows(work), work.late):
                    break


@contextmanager
def _run_receiver(home: Path) -> Iterator[int]:
    """A Klaviyo that accepts everything after 50 ms."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    words = [sys.executable, "-m", "benchmarks.sink", str(port), ANSWER_MS, str(home / "arrivals")]
    process = subprocess.Popen(words, env=dict(os.environ))
    time.sleep(1)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
