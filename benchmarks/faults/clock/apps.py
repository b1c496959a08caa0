"""Every process of the portal shows the time that a file says: CLOCK_FILE has the hours by which the clock is wrong.

libfaketime does the like to any program, but makes Python's sleep fail where the monotonic clock is left alone.
"""

import os
import threading
import time
from pathlib import Path

import time_machine
from django.apps import AppConfig

LOOK_SECONDS = 0.2
# The right time, as the monotonic clock tells it: the other one is wrong later.
OFFSET = time.time() - time.monotonic()


class Clock(AppConfig):
    name = "benchmarks.faults.clock"

    def ready(self) -> None:
        _start_following()
        # A task worker is a fork, in which no thread goes on.
        os.register_at_fork(after_in_child=_start_following)


def _start_following() -> None:
    threading.Thread(target=_follow_file, daemon=True).start()


def _follow_file() -> None:
    file, shown, traveller = Path(os.environ["CLOCK_FILE"]), "0", None
    while True:
        said = file.read_text() or shown
        if said != shown:
            if traveller:
                traveller.stop()
            traveller = time_machine.travel(OFFSET + time.monotonic() + 3600 * float(said), tick=True)
            traveller.start()
            shown = said
        time.sleep(LOOK_SECONDS)
