"""From an action to the sandbox that answers as Attentive, over real HTTP."""

from typing import Any

import pytest

from integrations import outbox
from integrations.base import Outcome
from integrations.esp.statuses import STATUS_PROPERTY
from integrations.models import Connection, Delivery, SandboxEvent
from integrations.sandbox import private_keys
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.events import catalogue
from subscriptions.models import Customer, Merchant
from tests.events.emitting import EMIT, create_rich_world
from tests.integrations.events import create_sandbox_connection

pytestmark = pytest.mark.django_db(transaction=True)


def sandbox_connection(merchant: Merchant) -> Connection:
    return create_sandbox_connection(
        merchant, integration="attentive", base_url=private_keys.sandbox_url(Connection.Integration.ATTENTIVE)
    )


@pytest.mark.parametrize("is_test", [False, True])
def test_an_event_and_its_status_arrive_also_of_a_test_customer(settings: Any, live_server: Any, is_test: bool) -> None:
    settings.PUBLIC_URL = live_server.url
    world = create_rich_world()
    Customer.objects.update(is_test=is_test)
    world.customer.refresh_from_db()
    connection = sandbox_connection(world.customer.merchant)
    EMIT[catalogue.SUBSCRIPTION_CREATE](world)
    outbox.drain_connection(connection.pk)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    kept = SandboxEvent.objects.get(metric=catalogue.SUBSCRIPTION_CREATE)
    token = ActionToken.objects.get(event__public_id=kept.unique_id)
    assert (kept.integration, kept.properties["action_token"]) == ("attentive", encode_token(token))
    assert kept.profile.properties == {STATUS_PROPERTY: "active"}


def test_the_connection_test_shows_the_merchant(settings: Any, live_server: Any) -> None:
    settings.PUBLIC_URL = live_server.url
    connection = sandbox_connection(create_rich_world().customer.merchant)
    integration = outbox.INTEGRATIONS[connection.integration]
    assert integration.test(connection).detail.startswith(connection.merchant.name)
    connection.secret += "0"
    assert integration.test(connection).outcome is Outcome.PAUSE
