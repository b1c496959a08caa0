"""The table of faults tells what the trials try."""

import re
from pathlib import Path

from django.conf import settings

from benchmarks.faults.catalogue import FAULTS

ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", re.MULTILINE)


def test_the_table_has_each_fault_with_its_promise() -> None:
    rows = ROW.findall(Path(settings.BASE_DIR / "docs" / "reliability.md").read_text())
    assert {name: promise for name, promise, _ in rows} == {name: fault.promise for name, fault in FAULTS.items()}
    assert not [name for name, _, seen in rows if "broken" in seen]
