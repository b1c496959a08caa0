import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction

from common.db import execute, fetch_rows, pipeline, plain_array, text_array, update
from common.db.session import MOST_STATEMENTS
from tests.factories import ProductFactory

SERVER = "SELECT pg_backend_pid()"
COUNT = "SELECT generate_series(1, %s)"


def prepared() -> list[str]:
    """What the server has prepared for statements of `common.db`, as it was written there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE name LIKE 'kept%' ORDER BY name")
        return [statement for (statement,) in cursor]


@pytest.mark.django_db(transaction=True)
def test_a_statement_is_prepared_once_and_runs_again_and_again():
    connection.close()
    for number in (1, 2, 3):
        assert fetch_rows(COUNT, [number]) == [(each,) for each in range(1, number + 1)]
    assert prepared() == ["SELECT generate_series(1, $1)"]


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_was_refused_is_prepared_when_it_runs_again(customer):
    connection.close()
    wrong = "SELECT first_name FROM subscriptions_customer WHERE no_such = %s"
    for _ in range(2):
        with pytest.raises(ProgrammingError), transaction.atomic():
            fetch_rows(wrong, [1])
    assert prepared() == []


@pytest.mark.django_db(transaction=True)
def test_what_psycopg_drops_after_a_rollback_is_its_own():
    connection.close()
    with connection.cursor() as cursor, transaction.atomic():
        for _ in range(connection.connection.prepare_threshold + 2):
            cursor.execute("SELECT 'of psycopg'")
        cursor.execute("SAVEPOINT here")
        fetch_rows(COUNT, [1])
        cursor.execute("ROLLBACK TO SAVEPOINT here")
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert cursor.fetchall() == [("SELECT generate_series(1, $1)",)]
        assert fetch_rows(COUNT, [1]) == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_the_oldest_of_ever_new_statements_are_dropped():
    connection.close()
    for number in range(MOST_STATEMENTS + 2):
        assert fetch_rows(f"SELECT {number}", []) == [(number,)]
    kept = set(prepared())
    assert len(kept) <= MOST_STATEMENTS + 1
    assert "SELECT 0" not in kept


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_runs_often_is_not_among_the_oldest():
    connection.close()
    for number in range(MOST_STATEMENTS + 2):
        assert fetch_rows(COUNT, [1]) == [(1,)]
        fetch_rows(f"SELECT {number}", [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE statement LIKE 'SELECT generate_series%'")
        assert cursor.fetchall() == [("kept_1",)]  # since its first run


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_is_dropped_while_it_waits_in_a_pipeline_runs_before():
    connection.close()
    with transaction.atomic(), pipeline():
        fetch_rows("SELECT 'oldest'", [])
        for number in range(MOST_STATEMENTS - 1):
            fetch_rows(f"SELECT {number}", [])
        waiting = [
            execute("SELECT 'oldest'"),
            *(execute(f"SELECT {number}, 'new'") for number in range(MOST_STATEMENTS)),
        ]
        assert [answer.fetchall()[0][0] for answer in waiting] == ["oldest", *range(MOST_STATEMENTS)]
    assert len(prepared()) <= MOST_STATEMENTS


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
