import time
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from common.db import execute, fetch_rows, insert, insert_many, pipeline, update
from subscriptions.models import Activity, Event
from tests.common.db.written_rows import activity, events, first_name, twins
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def test_after_an_error_of_the_body_nothing_is_there(customer):
    made = events(customer, 1)
    with pytest.raises(ZeroDivisionError), transaction.atomic(), pipeline():
        insert_many(made)
        1 / 0  # noqa: B018
    assert not Event.objects.exists()
    insert_many(made)
    assert list(Event.objects.all()) == made


def test_an_error_of_the_database_undoes_all_of_them(customer):
    first, second = twins(customer)
    with pytest.raises(IntegrityError), transaction.atomic(), pipeline():
        insert(activity(customer))
        insert(first)
        insert(second)
    assert not Activity.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_error_of_a_statement_not_waited_for_is_the_database_errors_own():
    product = ProductFactory()
    product.price = Decimal(-1)
    with pytest.raises(IntegrityError), transaction.atomic(), pipeline():
        update(product, "price")
    assert type(product).objects.get().price == Decimal("12.50")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pause", [0, 0.05])
@pytest.mark.parametrize("others", [0, 1, 30])
def test_the_error_is_that_of_the_statement_that_failed_however_many_follow(customer, others, pause):
    """With a pause, the answer to the first statements is there while the others are still being sent."""
    first, second = twins(customer)
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), pipeline():
        insert(first)
        insert(second)
        time.sleep(pause)
        for _ in range(others):
            update(customer, "first_name")
    assert isinstance(caught.value.__cause__, psycopg.errors.UniqueViolation)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_read_raises_the_error_of_the_write_before(customer):
    first, second = twins(customer)
    with pytest.raises(IntegrityError), transaction.atomic(), pipeline():
        insert(first)
        insert(second)
        first_name(customer)
        pytest.fail("The read went on after an error.")
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_error_of_the_body_stays_what_it_is_where_a_write_has_failed_too(customer):
    first, second = twins(customer)
    with pytest.raises(ZeroDivisionError), transaction.atomic(), pipeline():
        insert(first)
        insert(second)
        1 / 0  # noqa: B018
    assert not Event.objects.exists()
    insert(first)
    assert Event.objects.get() == first


@pytest.mark.django_db(transaction=True)
def test_a_foreign_key_that_points_nowhere_is_found_at_the_commit(customer):
    (event,) = events(customer, 1)
    event.activity_id = 10**9
    after = []
    with pytest.raises(IntegrityError), transaction.atomic():
        with pipeline():
            insert(event)
        after.append("the pipeline")
    assert after == ["the pipeline"]
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_foreign_key_that_points_nowhere_is_found_at_once_where_that_is_asked_for(customer):
    (event,) = events(customer, 1)
    event.activity_id = 10**9
    with pytest.raises(IntegrityError), transaction.atomic():
        with pipeline():
            execute("SET CONSTRAINTS ALL IMMEDIATE")
            insert(event)
        pytest.fail("The pipeline ended well.")
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_an_operational_error(customer):
    with pytest.raises(OperationalError), transaction.atomic(), pipeline():
        ((server,),) = fetch_rows("SELECT pg_backend_pid()", [])
        execute("SELECT pg_terminate_backend(%s)", [server])
        update(customer, "first_name")
        first_name(customer)
    connection.close()
    assert first_name(customer) == "Ana"


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_there_is_none():
    with pytest.raises(transaction.TransactionManagementError), pipeline():
        pass


# Blocks inside
