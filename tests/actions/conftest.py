from collections.abc import Iterator

import pytest
import time_machine


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon in New York on November 20, 2026, and stays so until told."""
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as clock:
        yield clock
