"""The whole portal sends its events while the receiver fails, a worker is killed and PostgreSQL restarts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.chaos.trial import FAULTS, Trial, run_trial
from tests import migrated

pytestmark = pytest.mark.slow
# Without those that make the portal wait ten seconds.
QUICK_FAULTS = {outcome: fault for outcome, fault in FAULTS.items() if outcome != "timeout"}


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("chaos")
    migrated.copy_server(made)
    yield made


def test_each_event_arrives_once_and_in_its_order(home: Path) -> None:
    trial = Trial(events=300, customers=100, seed=14, kill_every=(0.2, 0.4), most_kills=1, emit_in=2, patience=120)
    came = run_trial(trial, home, QUICK_FAULTS)
    assert (came["killed"], came["restarts"]) == (1, 1), came
    assert (came["events"], came["held"]) == (300, 300), came
    assert (came["missing"], came["doubled"], came["out_of_order"]) == (0, 0, 0), came
    assert came["states"] == {"done": 300}, came
