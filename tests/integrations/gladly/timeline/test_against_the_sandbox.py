"""From an action to the timeline in the sandbox that answers as Gladly, over real HTTP."""

from typing import Any

import pytest

from integrations import outbox
from integrations.base import Outcome
from integrations.gladly.timeline.integration import BY_AGENT, DEFAULT_KINDS, Gladly
from integrations.models import Connection, Delivery, GladlyAccount, SandboxEvent, SandboxFault, SandboxProfile
from integrations.sandbox.private_keys import GLADLY, sandbox_url
from subscriptions.actions import subscription as verbs
from subscriptions.actors import Actor, ActorKind
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Subscription
from tests.factories import subscription_with_order
from tests.integrations.events import create_sandbox_connection

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMER = Actor(ActorKind.CUSTOMER, "1", "Storefront")
AGENT = Actor(ActorKind.AGENT, "vXmSEPjVSWCaCMzvjufxZg", "Gladly agent")


@pytest.fixture
def subscription(settings: Any, live_server: Any) -> Subscription:
    settings.PUBLIC_URL = live_server.url
    return subscription_with_order(customer__email="ana@shop.test")


@pytest.fixture
def connection(subscription: Subscription) -> Connection:
    made = create_sandbox_connection(
        subscription.merchant,
        integration=GLADLY,
        base_url=sandbox_url(GLADLY),
        switched_off_kinds=[kind for kind in KINDS if kind not in DEFAULT_KINDS],
    )
    GladlyAccount.objects.create(connection=made, api_user="api@shop.test")
    SandboxProfile.objects.create(merchant=made.merchant, integration=GLADLY, email="ana@shop.test")
    return made


def delivered() -> list[tuple[str, str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("event__kind", "state", "error"))


def test_a_change_by_the_customer_is_written_and_what_an_agent_did_is_not(
    subscription: Subscription, connection: Connection
) -> None:
    verbs.cancel(subscription, actor=AGENT)
    verbs.reactivate(subscription, actor=CUSTOMER)
    outbox.drain_connection(connection.pk)
    assert delivered() == [
        ("ordergroove.subscription.cancel", "skipped", BY_AGENT),
        ("ordergroove.subscription.reactivate", "done", ""),
    ]
    [entry] = SandboxEvent.objects.all()
    assert (entry.metric, entry.profile.email) == ("Subscription reactivated", "ana@shop.test")
    assert "Changed by: the customer" in entry.properties["body"]


def test_an_entry_whose_answer_was_lost_is_there_once(subscription: Subscription, connection: Connection) -> None:
    SandboxFault.objects.create(
        merchant=connection.merchant, outcome="500", endpoint="gladly.item", times=1, takes_effect=True
    )
    verbs.cancel(subscription, actor=CUSTOMER)
    outbox.drain_connection(connection.pk)
    assert [state for _, state, _ in delivered()] == ["pending"]
    outbox.resume_connection(connection)
    outbox.drain_connection(connection.pk)
    assert [state for _, state, _ in delivered()] == ["done"]
    assert SandboxEvent.objects.count() == 1
    assert [*Delivery.objects.get().attempts.order_by("pk").values_list("status", flat=True)] == [500, 409]


@pytest.mark.parametrize("off", [{"enabled": False}, {"base_url": ""}])
def test_nothing_waits_for_a_timeline_that_is_off(
    subscription: Subscription, connection: Connection, off: dict[str, Any]
) -> None:
    Connection.objects.update(**off)
    verbs.cancel(subscription, actor=CUSTOMER)
    assert delivered() == []


def test_the_connection_test_needs_user_and_token(connection: Connection) -> None:
    answer = Gladly().test(connection)
    assert (answer.outcome, answer.remote_id) == (Outcome.DONE, connection.merchant.public_id.hex)
    connection.gladly.api_user = "other@shop.test"
    assert Gladly().test(connection).outcome is Outcome.PAUSE
