"""The client and the sandbox over real HTTP."""

import pytest

from integrations.base import Outcome
from integrations.esp.statuses import STATUS_PROPERTY
from integrations.klaviyo.integration import Klaviyo
from integrations.models import SandboxEvent, SandboxProfile
from subscriptions.events import catalogue
from tests.factories import ItemFactory, MerchantFactory
from tests.integrations.events import create_delivery, create_event, create_sandbox_connection
from tests.integrations.klaviyo.sending import send_delivery


@pytest.mark.django_db(transaction=True)
def test_an_event_arrives_in_the_sandbox_over_the_wire_once(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    event = create_event(catalogue.SUBSCRIPTION_REACTIVATE)
    delivery = create_delivery(event, create_sandbox_connection(event.merchant))
    answers = [send_delivery(delivery) for _ in range(2)]
    assert [(answer.outcome, answer.status, answer.detail) for answer in answers] == [(Outcome.DONE, 202, "")] * 2
    kept, profile = SandboxEvent.objects.get(), SandboxProfile.objects.get()
    assert (kept.merchant, kept.metric, kept.unique_id) == (event.merchant, event.kind, event.public_id.hex)
    assert kept.properties == event.payload
    assert (profile.email, profile.properties) == (event.customer.email, {STATUS_PROPERTY: "active"})


@pytest.mark.django_db(transaction=True)
def test_a_live_merchant_cannot_reach_the_sandbox(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    event = create_event(
        catalogue.SUBSCRIPTION_REACTIVATE,
        ItemFactory(order__customer__merchant=MerchantFactory(is_test=False)),
    )
    answer = send_delivery(create_delivery(event, create_sandbox_connection(event.merchant)))
    assert (answer.outcome, answer.detail) == (Outcome.PAUSE, "The address must begin with https://.")
    assert not SandboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_connection_test_shows_whose_account_the_key_opens(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    connection = create_sandbox_connection(MerchantFactory(name="Bean House"))
    answer = Klaviyo().test(connection)
    assert (answer.outcome, answer.detail[:12], answer.detail[-14:]) == (
        Outcome.DONE,
        "Bean House (",
        "a test account",
    )
    connection.secret += "0"
    assert Klaviyo().test(connection).outcome is Outcome.PAUSE
