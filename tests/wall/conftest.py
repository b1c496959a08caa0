from collections.abc import Iterator
from copy import deepcopy

import pytest
from pytest_django import DjangoDbBlocker

from tests.api.conftest import served_schema as served_schema
from tests.shared import shared_rows
from tests.wall.worlds import MARK, World, make_full_world, plant_marks


@pytest.fixture(scope="module")
def kept_worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[World, World]]:
    """Both merchants made once, for all tests of a file."""
    with shared_rows(django_db_blocker):
        own, foreign = make_full_world("Home"), make_full_world(MARK)
        plant_marks(foreign)
        yield own, foreign


@pytest.fixture
def own(kept_worlds: tuple[World, World], db: None) -> World:
    return deepcopy(kept_worlds[0])


@pytest.fixture
def foreign(kept_worlds: tuple[World, World], db: None) -> World:
    return deepcopy(kept_worlds[1])
