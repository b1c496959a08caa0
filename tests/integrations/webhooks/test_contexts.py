"""What a body says of who caused its event."""

from typing import Any

import pytest

from subscriptions.actions import subscription as subscriptions
from subscriptions.actions.webhook_kinds import request_webhook_kinds
from subscriptions.actors import Actor, ActorKind
from subscriptions.events.catalogue import ALL_KINDS
from tests.actions import random_actions, verbs
from tests.factories import CustomerFactory
from tests.integrations.webhooks.built_bodies import bodies_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
CONTEXTS: list[tuple[ActorKind, str, dict[str, Any]]] = [
    (ActorKind.STAFF, "admin", {"type": "user", "user": {"public_id": "7"}}),
    (ActorKind.AGENT, "agent", {"type": "user", "user": {"public_id": "7"}}),
    (ActorKind.API_KEY, "api", {"type": "apikey", "api_key": {"public_id": "7", "name": "Sam"}}),
    (ActorKind.CUSTOMER, "storefront", {"type": "customer", "customer": {"merchant_user_id": "C-1"}}),
    (ActorKind.LINK, "one_click", {"type": "customer", "customer": {"merchant_user_id": "C-1"}}),
    (ActorKind.JOB, "job", {"type": "og-system-process", "process": {"public_id": "7"}}),
]


@pytest.mark.parametrize(("kind", "source", "actor"), CONTEXTS)
def test_the_context_says_who_acted(kind: ActorKind, source: str, actor: dict[str, Any]) -> None:
    world = random_actions.create_world(1, CustomerFactory(merchant_user_id="C-1"))
    done = subscriptions.cancel(world.subscription(0), actor=Actor(kind, "7", "Sam"))
    assert bodies_of(done.events)[0]["context"] == {"source": source, "actor": actor}


def test_the_context_of_a_checkout_is_the_purchase_post() -> None:
    world = random_actions.create_world(2)
    request_webhook_kinds(world.customer.merchant, ALL_KINDS)
    assert bodies_of(verbs.check_out(world).events)[0]["context"]["source"] == "PurchasePOST"


def test_every_sort_of_actor_has_a_context() -> None:
    assert {kind for kind, _, _ in CONTEXTS} == set(ActorKind)
