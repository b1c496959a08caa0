import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.db import gathered, insert, insert_many, new_row, next_id, reserve_ids, update
from common.db.writes import MOST_VALUES
from subscriptions.models import Activity, Customer, Event
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db

RENAMED = "UPDATE subscriptions_customer SET first_name = %s WHERE id = %s RETURNING id"


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
        for row in rows:
            row.pk = next_id(type(row))


def first_name(customer) -> str:
    return Customer.objects.get(pk=customer.pk).first_name


def statements(context) -> list[str]:
    return [query["sql"].split()[0] for query in context]


def test_writes_of_several_tables_are_one_statement(customer):
    act, (event,) = activity(customer), events(customer, 1)
    event.activity, customer.first_name = act, "Bea"
    with CaptureQueriesContext(connection) as context, gathered():
        update(customer, "first_name")
        insert(act)
        insert(event)
    assert statements(context) == ["WITH"]
    assert (first_name(customer), list(act.events.all())) == ("Bea", [event])


def test_a_read_sees_what_was_written_before_it(customer):
    act, made = activity(customer), events(customer, 1)
    with CaptureQueriesContext(connection) as context, gathered():
        insert(act)
        insert_many(made)
        assert customer.activities.count() == 1
        customer.first_name = "Bea"
        update(customer, "first_name")
        assert first_name(customer) == "Bea"
    assert statements(context) == ["WITH", "SELECT", "UPDATE", "SELECT"]


def test_the_second_change_of_a_row_is_not_lost(customer):
    with CaptureQueriesContext(connection) as context, gathered():
        for name in ("Bea", "Cem"):
            customer.first_name = name
            update(customer, "first_name")
    assert statements(context) == ["UPDATE", "UPDATE"]
    assert first_name(customer) == "Cem"


def test_a_new_row_is_there_before_it_is_changed(customer):
    (event,) = events(customer, 1)
    with gathered():
        insert(event)
        event.kind = "changed"
        update(event, "kind")
    assert Event.objects.get().kind == "changed"


def test_a_new_row_may_take_the_place_of_one_changed_before(customer):
    (event, heir) = events(customer, 2)
    insert(event)
    heir.public_id, event.public_id = event.public_id, heir.public_id
    with CaptureQueriesContext(connection) as context, gathered():
        update(event, "public_id")
        insert(heir)
    assert statements(context) == ["UPDATE", "INSERT"]


def test_new_rows_of_one_table_go_together_up_to_the_most_values(customer):
    made = events(customer, 6)  # of eleven values each
    with CaptureQueriesContext(connection) as context, gathered():
        for event in made:
            insert(event)
    assert statements(context) == ["WITH", "WITH"]
    assert MOST_VALUES == 50
    assert list(Event.objects.order_by("pk")) == made


def test_after_an_error_of_the_body_nothing_is_sent(customer):
    made = events(customer, 1)
    with CaptureQueriesContext(connection) as context, pytest.raises(ZeroDivisionError), gathered():
        insert_many(made)
        1 / 0  # noqa: B018
    assert statements(context) == []
    insert_many(made)
    assert list(Event.objects.all()) == made


def test_an_error_of_the_database_undoes_all_of_them(customer):
    first, second = events(customer, 2)
    second.public_id = first.public_id
    with pytest.raises(IntegrityError), transaction.atomic(), gathered():
        insert(activity(customer))
        insert(first)
        insert(second)
    assert not Activity.objects.exists()
    assert not Event.objects.exists()
