import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from common.db import fetch_rows, plain_array, text_array, update
from common.db.statements import MOST_CURSORS, MOST_ROWS
from tests.factories import ProductFactory

SERVER = "SELECT pg_backend_pid()"
COUNT = "SELECT generate_series(1, %s)"


def kept(sql: str):
    return connection.kept_cursors[1].get(sql)


@pytest.mark.django_db
def test_a_statement_runs_again_and_again_on_one_cursor():
    cursors = set()
    for number in (1, 2, 3):
        assert fetch_rows(COUNT, [number]) == [(each,) for each in range(1, number + 1)]
        cursors.add(kept(COUNT))
    assert len(cursors) == 1 and None not in cursors


@pytest.mark.django_db
def test_what_was_read_is_not_held_on_to_when_it_is_much():
    assert len(fetch_rows(COUNT, [MOST_ROWS + 1])) == MOST_ROWS + 1
    assert kept(COUNT) is None
    assert len(fetch_rows(COUNT, [MOST_ROWS])) == MOST_ROWS
    assert kept(COUNT) is not None


@pytest.mark.django_db
def test_cursors_of_ever_new_statements_do_not_pile_up():
    for number in range(MOST_CURSORS + 2):
        assert fetch_rows(f"SELECT {number}", []) == [(number,)]
    assert len(connection.kept_cursors[1]) <= MOST_CURSORS + 1


@pytest.mark.django_db
def test_values_of_other_types_are_converted_anew():
    same = "SELECT %s::text"
    assert [fetch_rows(same, [value]) for value in (1, "two", None, True)] == [
        [("1",)],
        [("two",)],
        [(None,)],
        [("true",)],
    ]


@pytest.mark.django_db
def test_a_statement_that_failed_runs_again():
    product = ProductFactory()
    for price in (-1, 7):
        product.price = price
        try:
            with transaction.atomic():
                update(product, "price")
        except IntegrityError:
            assert price == -1
    assert type(product).objects.get().price == 7


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_has_cursors_of_its_own():
    first = fetch_rows(SERVER, [])
    connection.close()
    assert fetch_rows(SERVER, []) != first


@pytest.mark.django_db(transaction=True)
def test_a_connection_the_server_has_closed_is_replaced_at_the_next_request():
    ((server,),) = fetch_rows(SERVER, [])
    with pytest.raises(OperationalError):
        fetch_rows("SELECT pg_terminate_backend(%s)", [server])
    connection.health_check_enabled, connection.health_check_done = True, False  # as a request begins
    assert fetch_rows(SERVER, []) != [(server,)]


@pytest.mark.django_db
def test_texts_and_plain_values_arrive_as_they_are_in_arrays():
    texts = ["", "a,b", '"quoted"', "back\\slash", "{brace}", "NULL", None, "line\nbreak", "Zoë"]
    numbers = [1, None, -3]
    arrays = [text_array(texts), plain_array(numbers), text_array([""])]
    rows = fetch_rows("SELECT %s::text[], %s::int[], %s::text[]", arrays)
    assert rows == [(texts, numbers, [""])]
