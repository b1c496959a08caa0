"""The process that `delivery` measures: it sends a connection's deliveries as a worker does, without Klaviyo's limits.

`python -m benchmarks.delivery_worker CONNECTION` sends until nothing is left that may leave, and prints what it took.
With the path of a file behind CONNECTION, it waits for more until the file exists.
"""

import json
import os
import sys
import time
from pathlib import Path

import django

from benchmarks.reminders_worker import peak_memory


def main(connection_id: int, end: Path | None = None) -> dict[str, float]:
    """The duration in seconds, the number of deliveries, and the peak memory in MB."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    # The modules read the settings when they are imported.
    from integrations import outbox  # noqa: PLC0415  settings come first
    from integrations.base import Road  # noqa: PLC0415  settings come first
    from integrations.klaviyo import integration  # noqa: PLC0415  settings come first
    from integrations.models import Connection, Delivery  # noqa: PLC0415  settings come first

    integration.EVENTS = Road("events", 10**6)
    integration.BULK_EVENTS = Road("event-bulk-create-jobs", 10**6)
    waiting = Delivery.objects.filter(connection=connection_id, state=Delivery.State.PENDING)
    number, begun = waiting.count(), time.perf_counter()
    while waiting.exists() or (end and not end.exists()):
        outbox.drain_connection(connection_id)
        if reason := Connection.objects.get(pk=connection_id).last_error:
            sys.exit(f"the receiver does not accept the events: {reason}")
    return {"seconds": time.perf_counter() - begun, "number": number, "peak": peak_memory()}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), *map(Path, sys.argv[2:]))))  # noqa: T201  for the process that measures
