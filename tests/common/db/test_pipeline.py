import time
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.db import execute, fetch_rows, insert, insert_many, new_row, pipeline, reserve_ids, update
from common.db.writing import take_reserved_ids
from subscriptions.models import Activity, Customer, Event
from tests.factories import CustomerFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    return CustomerFactory(first_name="Ana")


def events(customer, many: int) -> list[Event]:
    made = [
        new_row(Event, merchant=customer.merchant, customer=customer, kind=f"k{place}", payload={}, recipient={})
        for place in range(many)
    ]
    numbered(made)
    return made


def activity(customer) -> Activity:
    made = new_row(Activity, merchant=customer.merchant, customer=customer, verb="v", sentence="s", actor_kind="staff")
    numbered([made])
    return made


def numbered(rows: list) -> None:
    with reserve_ids({type(rows[0]): len(rows)}):
        assert take_reserved_ids(rows) == []


def event_without_key(customer) -> Event:
    return new_row(Event, merchant=customer.merchant, customer=customer, kind="k", payload={}, recipient={})


def twins(customer) -> list[Event]:
    """Two of which only one can be written."""
    first, second = events(customer, 2)
    second.public_id = first.public_id
    return [first, second]


def first_name(customer) -> str:
    return Customer.objects.get(pk=customer.pk).first_name


def statements(context) -> list[str]:
    return [query["sql"].split()[0] for query in context]


def test_writes_are_sent_in_their_order_and_seen_at_the_end(customer):
    act, (event,) = activity(customer), events(customer, 1)
    event.activity, customer.first_name = act, "Bea"
    with CaptureQueriesContext(connection) as context, pipeline():
        update(customer, "first_name")
        insert(act)
        insert(event)
    assert statements(context) == ["UPDATE", "INSERT", "INSERT"]
    assert (first_name(customer), list(act.events.all())) == ("Bea", [event])


def test_a_read_sees_what_was_written_before_it(customer):
    act, made = activity(customer), events(customer, 1)
    with CaptureQueriesContext(connection) as context, pipeline():
        insert(act)
        insert_many(made)
        assert customer.activities.count() == 1
        customer.first_name = "Bea"
        update(customer, "first_name")
        assert first_name(customer) == "Bea"
    assert statements(context) == ["INSERT", "INSERT", "SELECT", "UPDATE", "SELECT"]


def test_the_second_change_of_a_row_is_not_lost(customer):
    with CaptureQueriesContext(connection) as context, pipeline():
        for name in ("Bea", "Cem"):
            customer.first_name = name
            update(customer, "first_name")
    assert statements(context) == ["UPDATE", "UPDATE"]
    assert first_name(customer) == "Cem"


def test_a_new_row_is_there_before_it_is_changed(customer):
    (event,) = events(customer, 1)
    with pipeline():
        insert(event)
        event.kind = "changed"
        update(event, "kind")
    assert Event.objects.get().kind == "changed"


def test_a_new_row_may_take_the_place_of_one_changed_before(customer):
    (event, heir) = events(customer, 2)
    insert(event)
    heir.public_id, event.public_id = event.public_id, heir.public_id
    with CaptureQueriesContext(connection) as context, pipeline():
        update(event, "public_id")
        insert(heir)
    assert statements(context) == ["UPDATE", "INSERT"]


def test_many_new_rows_of_one_table(customer):
    made = events(customer, 6)
    with pipeline():
        for event in made:
            insert(event)
    assert list(Event.objects.order_by("pk")) == made


def test_a_statement_that_is_read_and_one_that_is_not_may_share_their_text(customer):
    made = [event_without_key(customer) for _ in range(3)]
    with pipeline():
        for event in made:
            insert(event)
        insert_many([event_without_key(customer) for _ in range(2)], fetch_ids=False)
        insert_many(more := [event_without_key(customer) for _ in range(2)])
    keys = list(Event.objects.order_by("pk").values_list("pk", flat=True))
    assert (len(keys), keys[:3], keys[-2:]) == (7, [row.pk for row in made], [row.pk for row in more])


# Errors


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [0, 20])
def test_an_error_is_raised_inside_the_block_it_was_made_in_and_undoes_this_alone(customer, others):
    first, second = twins(customer)
    with transaction.atomic(), pipeline():
        insert(first)
        with pytest.raises(IntegrityError), transaction.atomic():
            insert(second)
            for _ in range(others):
                update(customer, "first_name")
        customer.first_name = "Bea"
        update(customer, "first_name")
    assert (list(Event.objects.all()), first_name(customer)) == ([first], "Bea")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pause", [0, 0.05])
def test_a_block_whose_body_raises_while_a_write_of_it_fails_is_undone(customer, pause):
    first, second = twins(customer)
    with transaction.atomic(), pipeline():
        insert(first)
        with pytest.raises((ZeroDivisionError, IntegrityError)), transaction.atomic():
            insert(second)
            for _ in range(20):
                update(customer, "first_name")
            time.sleep(pause)
            1 / 0  # noqa: B018
        customer.first_name = "Bea"
        update(customer, "first_name")
    assert (list(Event.objects.all()), first_name(customer)) == ([first], "Bea")


@pytest.mark.django_db(transaction=True)
def test_an_error_from_before_a_block_is_not_taken_for_one_of_its_own(customer):
    first, second = twins(customer)
    inside = []
    with pytest.raises(IntegrityError), transaction.atomic(), pipeline():
        insert(first)
        insert(second)
        try:
            with transaction.atomic():
                inside.append(True)
                update(customer, "first_name")
        finally:
            assert inside == []
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_block_that_ends_well_is_kept(customer):
    (event,) = events(customer, 1)
    done = []
    with transaction.atomic(), pipeline(), transaction.atomic():
        insert(event)
        transaction.on_commit(lambda: done.append(Event.objects.count()))
    assert done == [1]


@pytest.mark.django_db(transaction=True)
def test_one_pipeline_inside_another_ends_for_itself(customer):
    first, second = twins(customer)
    with pytest.raises(IntegrityError), transaction.atomic(), pipeline():
        with pipeline():
            insert(first)
        with pipeline():
            insert(second)
        pytest.fail("The inner pipeline ended well.")
    with transaction.atomic(), pipeline():
        with pipeline():
            insert(first)
        customer.first_name = "Bea"
        update(customer, "first_name")
    assert (list(Event.objects.all()), first_name(customer)) == ([first], "Bea")


def test_keys_may_be_reserved_inside(customer):
    with pipeline(), reserve_ids({Event: 1}):
        insert(event := event_without_key(customer))
    assert Event.objects.get().pk == event.pk
