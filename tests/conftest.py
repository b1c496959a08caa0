import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.db.backends.signals import connection_created

from tests import surfaces


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no worker begins one when the other has nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def contracts() -> Path:
    """The folder of interface descriptions that tests marked `contract` are held against."""
    folder = Path(os.environ.get("REPRISE_CONTRACTS", "../shared/contracts"))
    if not folder.is_dir():
        reason = f"no interface descriptions in {folder}; set REPRISE_CONTRACTS"
        if os.environ.get("REPRISE_CONTRACTS_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(autouse=True)
def only_acts_write() -> Iterator[None]:
    """No surface writes a customer's things by itself, in whichever test: each thread's statements are watched."""
    connection_created.connect(surfaces.attach)
    surfaces.attach(connection)
    surfaces.found.clear()
    yield
    assert surfaces.found == []


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon in New York on November 20, 2026, and stays so until told."""
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as clock:
        yield clock
