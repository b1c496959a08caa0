"""The portal on several hosts, behind PgBouncer in transaction mode, while a host and each server dies."""

from pathlib import Path

import pytest

from benchmarks.chaos.hosts import Trial, run_trial
from tests import migrated
from tests.servers import needs_servers

pytestmark = [pytest.mark.slow, needs_servers]


def test_nothing_is_lost_or_done_twice_and_readyz_tells_the_truth(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("hosts")
    migrated.copy_server(folder)
    trial = Trial(merchants=15, customers=2, rounds=1, away=2, patience=120)
    came = run_trial(trial, folder)
    assert came["posts_after_rounds"][0] > 0, came
    assert came["lies"] == []
    assert came["wrong"] == []
    assert came["looks"] > 10, came
