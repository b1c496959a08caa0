import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.db import copy_row, insert, insert_many, new_row, reserve_ids
from common.db.writing import take_reserved_ids
from oneclick.redemption.redeem import WRITTEN
from subscriptions.models import Activity, Event
from tests.common.db import throwaway as t
from tests.factories import CustomerFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


def taken(model) -> int | None:
    """The key a new row of the model takes."""
    take_reserved_ids([row := model()])
    return row.pk


def event(customer) -> Event:
    return new_row(Event, merchant=customer.merchant, customer=customer, kind="k", payload={"a": 1}, recipient={})


def test_rows_take_reserved_ids_first_and_then_those_of_the_table():
    customer = CustomerFactory()
    events = [event(customer) for _ in range(3)]
    with CaptureQueriesContext(connection) as context, reserve_ids({Activity: 1, Event: 2}):
        for each in events:
            insert(each)
    statements = [query["sql"] for query in context]
    assert ["RETURNING" in statement for statement in statements] == [False, False, False, True]
    first = events[0].pk
    assert [each.pk for each in Event.objects.order_by("pk")] == [first, first + 1, first + 2]


def test_each_action_reserves_its_own_ids(django_assert_num_queries):
    with django_assert_num_queries(1), reserve_ids({Activity: 1, Event: 2}, times=3):
        activities = [taken(Activity) for _ in range(4)]
        events = [taken(Event) for _ in range(7)]
    assert activities == [activities[0], activities[0] + 1, activities[0] + 2, None]
    assert events == [*range(events[0], events[0] + 6), None]


def test_outside_nothing_is_kept_ahead():
    customer = CustomerFactory()
    with reserve_ids({Event: 2}):
        insert(event(customer))
    assert taken(Event) is None


def test_an_error_undoes_everything():
    first, second = event(customer := CustomerFactory()), event(customer)
    second.public_id = first.public_id
    with pytest.raises(IntegrityError), transaction.atomic(), reserve_ids({Event: 2}):
        insert(first)
        insert(second)
    assert not Event.objects.exists()


@pytest.mark.parametrize("model", WRITTEN)
def test_each_key_comes_from_the_sequence_of_its_table(model):
    with reserve_ids({model: 1}):
        key = taken(model)
    with connection.cursor() as cursor:
        cursor.execute("SELECT currval(pg_get_serial_sequence(%s, %s))", [model._meta.db_table, model._meta.pk.column])
        assert cursor.fetchone() == (key,)


def test_a_copy_keeps_what_the_row_was():
    subscription = SubscriptionFactory()
    copied = copy_row(subscription)
    subscription.quantity, subscription.product = 7, SubscriptionFactory(merchant=subscription.merchant).product
    assert (copied.quantity, copied.product == subscription.product, copied._state.adding) == (2, False, False)


def test_a_sequence_of_any_name_in_a_table_of_any_name():
    t.make_tables(t.Shelf, t.Thing)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('\"throwaway_Thing of many\"', 'id')")
        (name,) = cursor.fetchone()
        cursor.execute(f'ALTER SEQUENCE {name} RENAME TO "it\'s 100%s"')
        cursor.execute("SELECT setval('\"it''s 100%%s\"', 41)", [])
    rows = [t.Thing(), t.Thing()]
    with reserve_ids({t.Thing: 2}):
        insert_many(rows)
    assert [row.pk for row in rows] == [42, 43]


def test_a_model_without_a_sequence_is_refused():
    t.make_tables(t.Tag)
    with pytest.raises(TypeError, match="No sequence numbers the rows of Tag"), reserve_ids({t.Tag: 1}):
        pass


def test_the_names_are_looked_up_once():
    t.make_tables(t.Shelf)
    with reserve_ids({t.Shelf: 1}):
        pass
    with CaptureQueriesContext(connection) as context, reserve_ids({t.Shelf: 1}):
        pass
    assert [query["sql"] for query in context if "pg_get_serial_sequence" in query["sql"]] == []
    assert len(context) == 1


def test_too_few_reserved_keys_are_not_kept_for_rows_written_later():
    customer = CustomerFactory()
    with reserve_ids({Event: 2}):
        together, later = [event(customer) for _ in range(3)], event(customer)
        insert_many(together)
        insert(later)
    keys = [row.pk for row in [*together, later]]
    assert keys == sorted(keys)


def test_an_inner_reservation_hides_the_outer_one_until_its_end():
    with reserve_ids({Event: 1}):
        with reserve_ids({Activity: 1}):
            assert taken(Event) is None
        assert taken(Event)


def test_none_are_reserved_for_none():
    with reserve_ids({Event: 1}, times=0):
        assert taken(Event) is None
