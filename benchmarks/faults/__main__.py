"""`python -m benchmarks.faults [NAME…]` tries all faults, or those named, and fails if one breaks its promise."""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.faults.catalogue import FAULTS
from benchmarks.faults.fault import Fault

MIGRATE = "import django; django.setup(); from tests.migrated import migrate_quickly; migrate_quickly()"
ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FAULTS))
    names = parser.parse_args().names or list(FAULTS)
    if unknown := set(names) - set(FAULTS):
        parser.error(f"there is no fault {', '.join(sorted(unknown))}")
    print("| fault | promised | seen | time |\n|---|---|---|---|", flush=True)  # noqa: T201  the output is the product
    with tempfile.TemporaryDirectory(prefix="reprise-faults-") as folder:
        template = Path(folder) / "template"
        _run(["-c", MIGRATE], template)
        broken = [name for name in names if not _try_fault(FAULTS[name], template, Path(folder) / name)]
    if broken:
        sys.exit(f"Not as promised: {', '.join(broken)}")


def _try_fault(fault: Fault, template: Path, home: Path) -> bool:
    """In a process of its own, because a process keeps to the first database that it starts."""
    with ExitStack() as after:
        home.mkdir()
        if fault.disk:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={fault.disk}", "tmpfs", home], check=False)
            if mounted.returncode:
                print(f"| {fault.name} | {fault.promise} | skipped: only root can limit a disk | |")  # noqa: T201
                return True
            after.callback(subprocess.run, ["umount", "-l", home], check=True)
        subprocess.run(["cp", "-a", f"{template}/.", home], check=True)
        return _run(["-m", "benchmarks.faults.one", fault.name], home) == 0


def _run(words: list[str], home: Path) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"REPRISE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    main()
