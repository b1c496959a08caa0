"""No address and no form of a staff page ends in an error of the server."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.admin import hostile
from tests.admin.conftest import World
from tests.scale import draw

Login = Callable[..., Client]


@pytest.fixture
def staff(own: World, login: Login) -> Client:
    return login(own.merchant)


def test_no_query_of_a_list_is_a_fault(staff: Client) -> None:
    queries = [(hostile.base_of(one), query) for one in hostile.ADMINS for query in hostile.list_queries(one)]
    assert len(queries) > 300
    assert hostile.find_faults(staff, [f"{base}?{query}" for base, query in draw(queries, one_in=3)]) == []


def test_no_query_of_a_page_is_a_fault(own: World, staff: Client) -> None:
    addresses = list(hostile.page_addresses(own))
    assert len(addresses) > 200
    assert hostile.find_faults(staff, draw(addresses, one_in=3)) == []


def test_no_key_of_a_row_is_a_fault(staff: Client) -> None:
    assert hostile.find_faults(staff, hostile.argument_addresses()) == []


@pytest.mark.parametrize("text", [hostile.NUL, hostile.LONG_NUMBER])
def test_no_posted_value_is_a_fault(own: World, staff: Client, text: str) -> None:
    form = dict.fromkeys(hostile.names_read("POST"), text)
    assert hostile.find_faults(staff, draw(list(hostile.row_addresses(own)), one_in=3), form) == []
