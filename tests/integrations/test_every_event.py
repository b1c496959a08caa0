"""Each kind of event, from its action to the sandbox."""

from collections.abc import Callable

import pytest

from integrations import outbox
from integrations.esp.statuses import STATUS_PROPERTY
from integrations.models import Delivery, SandboxEvent, SandboxProfile
from oneclick.models import ActionToken
from oneclick.tokens.token_text import decode_nonce, encode_token
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Customer
from tests.events.emitting import EMIT, create_rich_world
from tests.events.shape import GOLDEN, find_mismatches
from tests.integrations.events import create_sandbox_connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receive(settings, live_server) -> Callable[..., SandboxEvent]:
    """Emits an event, sends all deliveries, and returns the event as the sandbox has it."""
    settings.PUBLIC_URL = live_server.url
    world = create_rich_world()

    def run(kind: str, **connection: object) -> SandboxEvent:
        made = create_sandbox_connection(world.customer.merchant, **connection)
        EMIT[kind](world)
        outbox.drain_connection(made.pk)
        assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.DONE}
        return SandboxEvent.objects.get(metric=kind)

    return run


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_every_kind_reaches_the_sandbox_as_described(kind, receive):
    received = receive(kind).properties
    shape = GOLDEN[kind]["payload"] | ({"action_token": "string"} if KINDS[kind].token_scope else {})
    # Names with a dollar are Klaviyo's own: the value of an order and its currency.
    assert find_mismatches({key: value for key, value in received.items() if key[0] != "$"}, shape) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_leaves_the_customers_profile_with_the_status_described(kind, receive):
    customer = Customer.objects.get()
    before = {STATUS_PROPERTY: "as it was", "Favourite": "Espresso"}
    SandboxProfile.objects.create(merchant=customer.merchant, email=customer.email, properties=before)
    # Alone, because other events of the same action set the status as well.
    profile = receive(kind, switched_off_kinds=[other for other in KINDS if other != kind]).profile
    status = GOLDEN[kind]["profile_update"]
    expected = before if profile.email == customer.email else {}
    assert profile.properties == expected | ({STATUS_PROPERTY: status} if status else {})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if GOLDEN[kind]["carries_action_token"]])
def test_the_token_that_arrives_is_the_one_kept_for_the_event(kind, receive):
    received = receive(kind)
    kept = ActionToken.objects.get(event__public_id=received.unique_id)
    assert received.properties["action_token"] == encode_token(kept)
    assert decode_nonce(received.properties["action_token"]) == kept.nonce
    assert kept.scope == GOLDEN[kind]["carries_action_token"]
