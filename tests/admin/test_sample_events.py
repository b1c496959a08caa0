"""Sample events: one of each kind in one request, about nobody, and none of them starts a flow."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from integrations.models import Connection
from oneclick.models import ActionToken
from subscriptions.events.catalogue import KINDS, ORDER_REMINDER, SUBSCRIPTION_CANCEL
from subscriptions.events.samples import sample_payloads
from subscriptions.models import Activity, Event, Merchant
from tests import factories as f
from tests.integrations.events import create_event
from tests.integrations.receiver import Receiver, running_receiver

Login = Callable[..., Client]


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def connection(merchant: Merchant) -> Connection:
    made: Connection = f.ConnectionFactory(merchant=merchant, switched_off_kinds=[ORDER_REMINDER])
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant, "marketing")


@pytest.fixture
def klaviyo(settings: Any) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_receiver() as server:
        settings.KLAVIYO_BASE_URL = server.url
        yield server


def send(client: Client, connection: Connection, email: str, *kinds: str) -> Any:
    path = f"/admin/integrations/connection/{connection.pk}/samples/"
    return client.post(path, {"email": email, "kinds": kinds})


def told(answer: Any) -> list[str]:
    return [f"{message.level_tag}: {message}" for message in get_messages(answer.wsgi_request)]


def test_the_chosen_kinds_go_out_in_one_request_as_past_events(
    client: Client, connection: Connection, klaviyo: Receiver
) -> None:
    answer = send(client, connection, "Me@Harbour.coffee", ORDER_REMINDER, SUBSCRIPTION_CANCEL)
    accepted = "Klaviyo accepted 2 sample events about me@harbour.coffee. They appear in a minute or two."
    assert told(answer) == [f"success: {accepted}"]
    (body,) = klaviyo.bodies
    entries = [one["attributes"] for one in body["data"]["attributes"]["events-bulk-create"]["data"]]
    assert [entry["backfill"] for entry in entries] == [True, True]
    assert {entry["profile"]["data"]["attributes"]["email"] for entry in entries} == {"me@harbour.coffee"}
    events = [entry["events"]["data"][0]["attributes"] for entry in entries]
    names = [event["metric"]["data"]["attributes"]["name"] for event in events]
    assert names == [ORDER_REMINDER, SUBSCRIPTION_CANCEL]
    assert {event["properties"]["action_token"] for event in events} == {"sample-token"}
    assert len({event["unique_id"] for event in events}) == 2
    for model in (Event, Activity, ActionToken):
        assert not model._default_manager.exists()


@pytest.mark.parametrize("domain", ["example.com", "test.com"])
def test_an_address_whose_events_klaviyo_drops_is_refused(
    client: Client, connection: Connection, klaviyo: Receiver, domain: str
) -> None:
    page = send(client, connection, f"me@{domain}", SUBSCRIPTION_CANCEL)
    assert f"Klaviyo silently drops events of {domain} addresses. Enter an address of your own." in page.text
    assert klaviyo.bodies == []


def test_a_scope_that_is_missing_is_named(client: Client, connection: Connection, klaviyo: Receiver) -> None:
    klaviyo.script = lambda number, body: (403, {})
    lacks = "The key lacks the scope events:write. Make a key that has it, and enter it."
    answer = send(client, connection, "me@harbour.coffee", SUBSCRIPTION_CANCEL)
    assert told(answer) == [f"error: Klaviyo refused the sample events: {lacks}"]


def test_what_goes_out_is_ticked_beforehand(client: Client, connection: Connection) -> None:
    form = client.get(f"/admin/integrations/connection/{connection.pk}/samples/").context["form"]
    assert set(form["kinds"].value()) == KINDS.keys() - {ORDER_REMINDER}


def test_a_sample_has_the_shape_of_the_real_event(merchant: Merchant) -> None:
    item = f.ItemFactory(order__customer__merchant=merchant)
    samples = sample_payloads(KINDS.values(), merchant, "me@harbour.coffee")
    for kind in KINDS:
        assert shape(samples[kind]) == shape(create_event(kind, item).payload), kind
    assert samples[SUBSCRIPTION_CANCEL]["product_name"] == item.product.name


def shape(value: Any) -> Any:
    """The keys of `value`, however deep."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None
