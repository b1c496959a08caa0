"""The process that `reminders` measures: it runs a merchant's reminders as a worker does."""

import json
import os
import re
import sys
import time
from pathlib import Path

import django


def main(merchant_id: int) -> dict[str, float]:
    """The duration in seconds, the number of reminders, and the peak memory in MB."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    # The modules read the settings when they are imported.
    from subscriptions.jobs import runs  # noqa: PLC0415  settings come first
    from subscriptions.jobs.catalogue import JOBS  # noqa: PLC0415  settings come first
    from subscriptions.models import JobRun, Merchant  # noqa: PLC0415  settings come first

    begun = time.perf_counter()
    run = runs.begin_run(Merchant.objects.get(pk=merchant_id), JOBS["reminders"])
    while run.state in runs.UNFINISHED:
        runs.continue_run(run.pk)
        run = JobRun.objects.get(pk=run.pk)
    return {
        "seconds": time.perf_counter() - begun,
        "reminded": run.done,
        "peak": peak_memory(),
    }


def peak_memory() -> float:
    # Not getrusage, whose peak includes the memory of the process that started this one.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))  # noqa: T201  for the process that measures
