"""Events carry the finished saved links attached to their kind."""

from typing import Any

import pytest

from oneclick.links import event_links, link_urls
from oneclick.models import SavedLink
from oneclick.tokens.token_text import encode_token
from subscriptions.events import catalogue
from subscriptions.models import Event
from tests.integrations.events import create_event
from tests.integrations.klaviyo.sending import event_attributes, event_one_click

pytestmark = pytest.mark.django_db


def attach_link(
    event: Event, name: str = "delay_url", kind: str = catalogue.ORDER_REMINDER, **fields: Any
) -> SavedLink:
    link: SavedLink = SavedLink.objects.create(
        merchant=event.merchant, name=name, action="delay", event_kinds=[kind], property_name=name, **fields
    )
    return link


def test_an_event_carries_the_links_attached_to_its_kind_beside_the_token() -> None:
    event = create_event(catalogue.ORDER_REMINDER)
    text = encode_token(event.action_tokens.get())
    link = attach_link(event, parameters={"days": "7"})
    attach_link(event, "other_url", catalogue.SUBSCRIPTION_CANCEL)
    attach_link(event, "old_url", archived=True)
    attach_link(create_event(catalogue.ORDER_REMINDER), "foreign_url")
    assert event_links.attached_links(event.merchant, [event.kind]) == {event.kind: [link]}
    assert event_links.link_properties([link], text) == {"delay_url": link_urls.sms_url(link, text)}
    properties = event_attributes(event)["properties"]
    assert (properties["action_token"], properties["delay_url"]) == (text, link_urls.sms_url(link, text))
    assert "?action=delay&days=7&og_link=" in properties["delay_url"]
    assert set(event.payload) < set(properties)


def test_an_event_without_a_token_carries_no_link() -> None:
    event = create_event(catalogue.ORDER_CANCEL)
    attach_link(event, kind=catalogue.ORDER_CANCEL)
    assert event_one_click(event) == {}
