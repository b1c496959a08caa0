"""`python -m benchmarks.faults.one NAME`: one fault, on the portal of REPRISE_HOME, whose database is migrated."""

import sys
import time
import traceback

import django

django.setup()

from django.conf import settings  # noqa: E402  # settings come first

from benchmarks.faults.catalogue import FAULTS  # noqa: E402  # likewise
from benchmarks.faults.scene import Scene  # noqa: E402  # likewise


def main() -> None:
    fault = FAULTS[sys.argv[1]]
    begun, broken = time.monotonic(), ""
    scene = Scene(settings.HOME)
    try:
        seen = fault.run(scene)
        broken = scene.find_broken_promise(fault)
    except Exception as error:
        traceback.print_exc()
        seen, broken = "", f"{type(error).__name__} {error}"
    seen = "; ".join(filter(None, [seen, scene.summary(), broken and f"**broken: {broken}**"]))
    took = time.monotonic() - begun
    print(f"| {fault.name} | {fault.promise} | {seen} | {took:.0f} s |", flush=True)  # noqa: T201  the product here
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
