"""What is noted of the customers' profiles, and how a profile gets its customer's new e-mail address."""

import pytest
from django.utils import timezone

from integrations.base import Outcome
from integrations.klaviyo import sent_profiles
from integrations.klaviyo.profile_upsert import move_profile, upsert_profile
from integrations.models import Connection, Delivery, SandboxProfile, SentProfile
from subscriptions.events import catalogue
from tests.factories import CustomerFactory, ItemFactory
from tests.integrations.events import create_delivery, create_event, create_sandbox_connection

pytestmark = pytest.mark.django_db
NOTED = ("email", "phone_number", "remote_id", "status", "last_event")


@pytest.fixture
def connection() -> Connection:
    return create_sandbox_connection(ItemFactory().merchant)


def deliver(connection: Connection, email: str = "ana@shop.test") -> Delivery:
    item = ItemFactory._meta.model.objects.get()
    return create_delivery(create_event(catalogue.ORDER_REMINDER, item, email=email), connection)


def noted() -> list[tuple]:
    return list(SentProfile.objects.order_by("pk").values_list(*NOTED))


def test_deliveries_are_noted_in_one_statement_by_customer(connection, django_assert_num_queries):
    first, second = deliver(connection), deliver(connection)
    with django_assert_num_queries(1):
        sent_profiles.note_sent(
            connection,
            [(first, "ana@shop.test", "+15013299800", "active", "P1"), (second, "ana@shop.test", None, None, "")],
        )
    assert noted() == [("ana@shop.test", "", "P1", "active", second.event_id)]


def test_an_event_without_a_status_keeps_the_one_sent_before(connection, noon):
    first = deliver(connection)
    sent_profiles.note_sent(connection, [(first, "ana@shop.test", None, "inactive", "P1")])
    at = timezone.now()
    noon.shift(60)
    second = deliver(connection)
    sent_profiles.note_sent(connection, [(second, "new@shop.test", "+15013299800", None, "")])
    assert noted() == [("new@shop.test", "+15013299800", "P1", "inactive", second.event_id)]
    assert SentProfile.objects.get().sent_at == at


def test_an_old_event_that_is_sent_again_does_not_bring_its_address_back(connection):
    old = deliver(connection, "old@shop.test")
    new = deliver(connection, "new@shop.test")
    sent_profiles.note_sent(connection, [(new, "new@shop.test", None, "active", "")])
    assert sent_profiles.read_known(connection, [old]).moved == {}
    sent_profiles.note_sent(connection, [(old, "old@shop.test", None, "inactive", "")])
    assert noted() == [("new@shop.test", "", "", "inactive", new.event_id)]


def test_only_the_first_delivery_with_a_new_address_moves_the_profile(connection, django_assert_num_queries):
    sent_profiles.note_sent(connection, [(deliver(connection), "ana@shop.test", None, "active", "P1")])
    same, *moved = [deliver(connection, email) for email in ("Ana@shop.test", "b@shop.test", "B@shop.test")]
    later = deliver(connection, "c@shop.test")
    with django_assert_num_queries(1):
        known = sent_profiles.read_known(connection, [same, *moved, later])
    assert known.moved == {moved[0].pk: ("ana@shop.test", "P1"), later.pk: ("b@shop.test", "P1")}
    assert known.erased == set()


def test_an_address_that_is_not_valid_moves_nothing(connection):
    sent_profiles.note_sent(connection, [(deliver(connection), "ana@shop.test", None, "active", "P1")])
    assert sent_profiles.read_known(connection, [deliver(connection, "no address")]).moved == {}


def test_an_erased_customers_deliveries_are_known(connection):
    delivery = deliver(connection, "new@shop.test")
    row = SentProfile.objects.create(
        connection=connection, customer=delivery.event.customer, email="ana@shop.test", erased_at=timezone.now()
    )
    known = sent_profiles.read_known(connection, [delivery])
    assert (known.erased, known.moved) == ({delivery.pk}, {})
    assert row.customer_id != CustomerFactory().pk


@pytest.mark.usefixtures("to_sandbox")
@pytest.mark.parametrize("is_known", [True, False])
def test_a_profile_gets_its_customers_new_address(connection, is_known):
    first = upsert_profile(connection, {"email": "ana@shop.test", "properties": {"points": 3}})
    assert (first.outcome, first.status) == (Outcome.DONE, 201)
    for _ in range(2 if is_known else 1):  # a repeat changes nothing
        moved = move_profile(connection, "ana@shop.test", first.remote_id if is_known else "", "new@shop.test")
        assert (moved.outcome, moved.remote_id) == (Outcome.DONE, first.remote_id)
    assert list(SandboxProfile.objects.values_list("email", "properties")) == [("new@shop.test", {"points": 3})]


@pytest.mark.usefixtures("to_sandbox")
def test_a_new_address_of_another_profile_is_refused(connection):
    first = upsert_profile(connection, {"email": "ana@shop.test"})
    upsert_profile(connection, {"email": "taken@shop.test"})
    refused = move_profile(connection, "ana@shop.test", first.remote_id, "taken@shop.test")
    assert (refused.outcome, refused.status) == (Outcome.DEAD, 409)
    assert SandboxProfile.objects.count() == 2


@pytest.mark.usefixtures("to_sandbox")
def test_a_profile_that_klaviyo_no_longer_has_needs_no_move(connection):
    other = upsert_profile(connection, {"email": "merged@shop.test"})
    gone = upsert_profile(connection, {"email": "ana@shop.test"})
    SandboxProfile.objects.filter(email="ana@shop.test").delete()
    moved = move_profile(connection, "ana@shop.test", gone.remote_id, "merged@shop.test")
    assert (moved.outcome, moved.remote_id) == (Outcome.DONE, other.remote_id)


@pytest.mark.usefixtures("to_sandbox")
def test_a_move_that_was_never_noted_is_not_refused_the_second_time(connection):
    upsert_profile(connection, {"email": "ana@shop.test"})
    moved = [move_profile(connection, "ana@shop.test", "", "new@shop.test") for _ in range(2)]
    assert [answer.outcome for answer in moved] == [Outcome.DONE] * 2
    assert moved[0].remote_id == moved[1].remote_id
