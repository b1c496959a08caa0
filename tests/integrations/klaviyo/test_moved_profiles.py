"""Events of a customer whose e-mail address changed, and of one who was erased, on their way to the sandbox."""

import pytest
from django.utils import timezone

from integrations import outbox
from integrations.models import Connection, Delivery, SandboxEvent, SandboxProfile, SentProfile
from subscriptions.events import catalogue
from subscriptions.models import Item
from tests.factories import ItemFactory
from tests.integrations.events import create_delivery, create_event, create_sandbox_connection

# The threads that make the requests see committed rows only.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def item() -> Item:
    return ItemFactory(order__customer__email="last@shop.test")


@pytest.fixture
def connection(item, settings, live_server) -> Connection:
    settings.PUBLIC_URL = live_server.url
    return create_sandbox_connection(item.merchant)


def send(connection: Connection, item: Item, *emails: str) -> None:
    for email in emails:
        create_delivery(create_event(catalogue.SUBSCRIBER_CREATE, item, email=email), connection)
    outbox.drain_connection(connection.pk)


def test_a_new_address_changes_the_profile_instead_of_making_a_second_one(connection, item):
    send(connection, item, "ana@shop.test", "new@shop.test", "NEW@shop.test", "last@shop.test")
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.DONE}
    profile, sent = SandboxProfile.objects.get(), SentProfile.objects.get()
    assert (profile.email, SandboxEvent.objects.filter(profile=profile).count()) == ("last@shop.test", 4)
    assert (sent.email, sent.remote_id, sent.status) == ("last@shop.test", profile.public_id.hex, "active")


def test_an_event_whose_new_address_another_profile_has_fails_with_the_reason(connection, item):
    SandboxProfile.objects.create(merchant=item.merchant, email="taken@shop.test")
    send(connection, item, "ana@shop.test", "taken@shop.test")
    first, second = Delivery.objects.order_by("pk")
    assert (first.state, second.state) == (Delivery.State.DONE, Delivery.State.DEAD)
    assert "already exists" in second.error
    assert SandboxEvent.objects.count() == 1


def test_nothing_is_sent_about_an_erased_customer(connection, item):
    SentProfile.objects.create(connection=connection, customer=item.order.customer, erased_at=timezone.now())
    send(connection, item, "ana@shop.test")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error) == (
        Delivery.State.SKIPPED,
        "The customer was erased at Klaviyo: nothing more is sent.",
    )
    assert not SandboxProfile.objects.exists()
