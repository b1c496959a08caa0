import pytest

from integrations import outbox
from integrations.models import Delivery, SandboxEvent
from subscriptions.events.catalogue import KINDS
from tests.events.provoked import PROVOKE, rich_world
from tests.events.shape import GOLDEN, mismatches
from tests.integrations.events import sandbox_connection


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_every_kind_reaches_the_sandbox_as_described(kind, settings, live_server):
    settings.PUBLIC_URL = live_server.url
    world = rich_world()
    connection = sandbox_connection(world.customer.merchant)

    PROVOKE[kind](world)
    outbox.drain(connection.pk)

    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.DONE}
    shape = GOLDEN[kind]["payload"] | ({"action_token": "string"} if KINDS[kind].token_scope else {})
    received = SandboxEvent.objects.get(metric=kind).properties
    # What begins with a dollar is Klaviyo's own: the value of an order and its currency.
    assert mismatches({key: value for key, value in received.items() if key[0] != "$"}, shape) == []
