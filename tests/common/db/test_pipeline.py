import time

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.db import execute, fetch_rows, insert, insert_many, pipeline, reserve_ids, update
from subscriptions.models import Event
from tests.common.db.written_rows import activity, event_without_key, events, first_name, statements, twins
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db


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


def test_more_is_written_and_answered_than_the_network_holds(customer):
    customer.extra_data = {"text": "x" * 20_000}
    with pipeline():
        answers = [execute("SELECT %s", ["y" * 20_000]) for _ in range(300)]
        for _ in range(300):
            update(customer, "extra_data")
    assert {len(answer.fetchall()[0][0]) for answer in answers} == {20_000}


def test_keys_that_are_reserved_inside_come_with_the_next_read(customer):
    with round_trips() as counted, pipeline(), reserve_ids({Event: 2}):
        assert fetch_rows("SELECT %s::int", [1]) == [(1,)]
        insert(event_without_key(customer))
    assert [len(sent) for sent in counted.waits] == [2, 1]


# Errors


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
