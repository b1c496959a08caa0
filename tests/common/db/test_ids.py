import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.db import copy_row, insert, new_row, next_id, reserve_ids
from oneclick.redemption.redeem import WRITTEN
from subscriptions.models import Activity, Event
from tests.factories import CustomerFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


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
    with django_assert_num_queries(1), reserve_ids({Activity: 1, Event: 2}, acts=3):
        activities = [next_id(Activity) for _ in range(4)]
        events = [next_id(Event) for _ in range(7)]
    assert activities == [activities[0], activities[0] + 1, activities[0] + 2, None]
    assert events == [*range(events[0], events[0] + 6), None]


def test_outside_nothing_is_kept_ahead():
    customer = CustomerFactory()
    with reserve_ids({Event: 2}):
        insert(event(customer))
    assert next_id(Event) is None


def test_an_error_undoes_everything():
    first, second = event(customer := CustomerFactory()), event(customer)
    second.public_id = first.public_id
    with pytest.raises(IntegrityError), transaction.atomic(), reserve_ids({Event: 2}):
        insert(first)
        insert(second)
    assert not Event.objects.exists()


@pytest.mark.parametrize("model", WRITTEN)
def test_each_sequence_has_the_name_it_is_asked_by(model):
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key])
        assert cursor.fetchone() == (f"public.{table}_{key}_seq",)


def test_a_copy_keeps_what_the_row_was():
    subscription = SubscriptionFactory()
    copied = copy_row(subscription)
    subscription.quantity, subscription.product = 7, SubscriptionFactory(merchant=subscription.merchant).product
    assert (copied.quantity, copied.product == subscription.product, copied._state.adding) == (2, False, False)
