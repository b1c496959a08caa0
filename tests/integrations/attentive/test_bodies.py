"""The bodies for Attentive that an event becomes, above all what a text message can use of it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.attentive import bodies
from integrations.attentive.flat_copy import flatten_payload
from integrations.attentive.integration import JOURNEY_WINDOW
from integrations.esp.late import LASTING, Clock
from integrations.esp.one_click import one_click_properties
from integrations.esp.recipient import Recipient
from oneclick.links import link_urls
from oneclick.models import SavedLink
from oneclick.tokens.token_text import encode_token
from subscriptions.events import catalogue
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event, Item
from tests.events.shape import GOLDEN
from tests.factories import ItemFactory
from tests.integrations.events import create_event

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRODUCT = {"product_id", "product_name", "product_sku", "product_image_url", "product_detail_url"}
ITEM = {
    *("first_item_name", "first_item_image_url", "first_item_detail_url", "first_item_quantity"),
    *("first_item_price", "first_item_total_price", "first_item_frequency_days"),
    *("first_item_frequency_description", "items_count"),
}
ADDED = {
    "subscriber": PRODUCT | {"frequency_days", "frequency_description"},
    "subscription": PRODUCT,
    "order": PRODUCT | ITEM,
    "item": PRODUCT,
}
NAMES = {"first_name", "last_name"}


@pytest.fixture
def item() -> Item:
    made: Item = ItemFactory(
        order__total="31.50",
        order__sub_total="31.50",
        order__place_date="2026-11-25",
        order__customer__email="ana@shop.test",
        order__customer__phone_number="(501) 329-9800",
    )
    made.refresh_from_db()
    return made


def body_of(event: Event, now: datetime | None = None) -> dict[str, Any]:
    one_click = one_click_properties(event.merchant, [event]).get(event.pk, {})
    clock = Clock(now or event.at, JOURNEY_WINDOW)
    body: dict[str, Any] = json.loads(bodies.event_body(event, Recipient.from_event(event), one_click, clock))
    return body


def keys_in(value: Any) -> Iterator[str]:
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(child)
    yield from value if isinstance(value, dict) else ()


def test_a_reminder_becomes_the_body_attentive_asks_for(item: Item) -> None:
    event = create_event(catalogue.ORDER_REMINDER, item, at=NOON)
    body = body_of(event)
    properties = body.pop("properties")
    assert body == {
        "type": "ordergroove.order.reminder",
        "externalEventId": str(event.public_id),
        "occurredAt": "2026-11-20T12:00:00.000Z",
        "user": {"phone": "+15013299800", "email": "ana@shop.test"},
    }
    wanted = {
        "place_date": "2026-11-25",
        "product_name": "House blend",
        "product_image_url": "https://shop.test/house-blend.png",
        "first_item_name": "House blend",
        "first_item_quantity": item.quantity,
        "first_item_price": f"{item.price:.2f}",
        "items_count": 1,
        "total": "31.50",
        "currency_code": "USD",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "action_token": encode_token(event.action_tokens.get()),
    }
    assert {name: properties.get(name) for name in wanted} == wanted
    assert properties["items_subset"] == event.payload["items_subset"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_payload_with_a_flat_copy_and_nothing_of_card_and_address(kind: str, item: Item) -> None:
    event = create_event(kind, item)
    found = body_of(event)["properties"]
    token = {"action_token"} if KINDS[kind].token_scope else set()
    kept = set(event.payload) - {"payment", "shipping_address"}
    assert set(found) == kept | ADDED[KINDS[kind].base] | NAMES | token
    assert {"payment", "shipping_address", "cc_type_description", "city", "zip_postal_code"}.isdisjoint(keys_in(found))
    lists = {name for name, value in found.items() if isinstance(value, list | dict)}
    assert lists <= {"items_subset", "subscriptions_subset", "product", "entitlement_summaries"}
    assert not any(isinstance(value, float) for value in found.values())
    assert found["product_name"] == "House blend"


def test_the_documentation_names_everything_a_text_can_use(item: Item) -> None:
    found = {name: value for kind in KINDS for name, value in body_of(create_event(kind, item))["properties"].items()}
    documented = set(
        re.findall(r"`([a-z_]+)`", (Path(__file__).parents[3] / "docs/merchants/attentive.md").read_text())
    )
    assert {name for name, value in found.items() if not isinstance(value, list | dict)} - documented == set()
    assert ADDED["order"] | {"delay_url", "occurred_at"} <= documented


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_has_a_character_that_attentive_forbids(kind: str, item: Item) -> None:
    body = body_of(create_event(kind, item))
    assert set(body["type"]).isdisjoint("\"'(){}[]\\,|")
    keys = list(keys_in(body["properties"]))
    assert set("".join(keys)).isdisjoint('"{}[]\\|.')
    assert "mediaUrl" not in keys
    assert len(keys) <= 200


@pytest.mark.parametrize("base", ["order", "subscriber"])
def test_an_empty_list_leaves_the_names_there_without_content(base: str) -> None:
    payload = {
        "order": {"items_subset": [], "total_items_count": 0, "total": 0.0},
        "subscriber": {"subscriptions_subset": [], "total_subscriptions_count": 0},
    }[base]
    flat = flatten_payload(payload)
    assert set(flat) == ADDED[base] | set(payload)
    assert {flat[name] for name in PRODUCT} == {""}
    assert flat.get("first_item_price", "0.00") == flat.get("total", "0.00") == "0.00"


def test_the_product_of_an_order_is_that_of_its_first_item() -> None:
    entry = GOLDEN[catalogue.ORDER_SUCCESS]["payload"]["items_subset"]["list_of"]
    items = [{**entry, "product": {**entry["product"], "name": name}, "price": 12.5} for name in ("First", "Second")]
    flat = flatten_payload({"items_subset": items, "total_items_count": 12})
    assert (flat["product_name"], flat["first_item_name"], flat["items_count"]) == ("First", "First", 12)
    assert (flat["first_item_price"], flat["items_subset"]) == ("12.50", items)


@pytest.mark.parametrize(
    ("recipient", "user"),
    [
        ({"email": " Ana@Shop.TEST "}, {"phone": "+15013299800", "email": "ana@shop.test"}),
        ({"email": "nobody"}, {"phone": "+15013299800"}),
        ({"phone_number": "12"}, {"email": "ana@shop.test"}),
        ({"phone_number": "020 7946 0018", "country_code": "GB"}, {"phone": "+442079460018", "email": "ana@shop.test"}),
        ({"phone_number": None}, {"email": "ana@shop.test"}),
    ],
)
def test_the_user_has_a_phone_in_e164_and_an_address_or_one_of_them(
    item: Item, recipient: dict[str, Any], user: dict[str, str]
) -> None:
    assert body_of(create_event(catalogue.ORDER_CANCEL, item, **recipient))["user"] == user


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_more_than_eleven_hours_counts_as_of_now_only_if_it_lasts(kind: str, item: Item) -> None:
    event = create_event(kind, item, at=NOON)
    on_time, late = (body_of(event, NOON + timedelta(hours=11, minutes=n)) for n in (0, 1))
    assert (on_time["occurredAt"], "occurred_at" in on_time["properties"]) == ("2026-11-20T12:00:00.000Z", False)
    times = (late["occurredAt"], late["properties"].get("occurred_at"))
    now, then = "2026-11-20T23:01:00.000Z", "2026-11-20T12:00:00.000Z"
    assert times == ((now, then) if kind in LASTING else (then, None))


def test_the_links_of_the_kind_are_complete_addresses_beside_the_token(item: Item) -> None:
    event = create_event(catalogue.ORDER_REMINDER, item)
    link = SavedLink.objects.create(
        merchant=event.merchant,
        name="Delay",
        action="delay",
        parameters={"days": "14"},
        page_url="https://shop.test/pages/sub?utm_source=attentive&utm_medium=sms",
        event_kinds=[event.kind],
        property_name="delay_url",
    )
    found = body_of(event)["properties"]
    assert found["delay_url"] == link_urls.sms_url(link, found["action_token"])
    assert found["delay_url"].startswith(
        "https://shop.test/pages/sub?utm_source=attentive&utm_medium=sms&action=delay&days=14&og_link="
    )
    assert found["delay_url"].endswith(f"&token={found['action_token']}")
    assert "#" not in found["delay_url"]


@pytest.mark.parametrize(("length", "notes"), [(1024, 0), (1025, 1)])
def test_a_link_too_long_for_the_shortener_has_a_note(length: int, notes: int) -> None:
    found = bodies.list_long_links({"action_token": "T", "delay_url": "h" * length})
    assert found == ["delay_url is longer than 1024 characters, so texts show it in full."] * notes


@pytest.mark.parametrize("name", ['a"', "a{", "a}", "a[", "a]", "a\\", "a.b", "a|b"])
def test_a_property_no_journey_can_use_is_refused(item: Item, name: str) -> None:
    event = create_event(catalogue.ORDER_CANCEL, item)
    event.payload[name] = "x"
    with pytest.raises(ValueError, match="cannot be names of properties"):
        body_of(event)


@pytest.mark.parametrize("character", "\"'(){}[]\\,|")
def test_a_type_no_journey_can_use_is_refused(item: Item, character: str) -> None:
    event = create_event(catalogue.ORDER_CANCEL, item)
    event.kind += character
    with pytest.raises(ValueError, match="cannot be the name of an event"):
        bodies.event_body(event, Recipient.from_event(event), {}, Clock(event.at, JOURNEY_WINDOW))


def test_more_than_two_hundred_properties_are_refused(item: Item) -> None:
    event = create_event(catalogue.ORDER_CANCEL, item)
    room = 200 - len(body_of(event)["properties"])
    event.payload |= {f"more_{n}": n for n in range(room)}
    assert len(body_of(event)["properties"]) == 200
    event.payload["one_more"] = 1
    with pytest.raises(ValueError, match="201 properties"):
        body_of(event)


def test_nan_is_never_sent(item: Item) -> None:
    event = create_event(catalogue.ORDER_CANCEL, item)
    event.payload["items_subset"] = [{"price": float("nan")}]
    with pytest.raises(ValueError):
        body_of(event)


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_the_status_is_one_text_for_the_same_user(item: Item, status: str) -> None:
    recipient = Recipient.from_event(create_event(catalogue.SUBSCRIBER_CANCEL, item))
    assert json.loads(bodies.status_body(recipient, status)) == {
        "properties": {"Ordergroove Subscriber Status": status},
        "user": {"phone": "+15013299800", "email": "ana@shop.test"},
    }
