"""The body for Klaviyo that an event becomes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations.esp.statuses import STATUS_PROPERTY
from integrations.klaviyo import bodies
from integrations.klaviyo.bodies import Profile
from oneclick.tokens.token_text import encode_token
from subscriptions.events import catalogue
from subscriptions.events.catalogue import KINDS
from tests.factories import ItemFactory
from tests.integrations.events import create_event
from tests.integrations.klaviyo.sending import event_attributes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_an_event_becomes_the_body_klaviyo_asks_for():
    item = ItemFactory(order__customer__email="ana@shop.test", order__customer__phone_number="+15013299800")
    event = create_event(catalogue.SUBSCRIPTION_CANCEL, item, at=NOON)
    assert event_attributes(event) == {
        "properties": {**event.payload, "action_token": encode_token(event.action_tokens.get())},
        "time": "2026-11-20T12:00:00.000Z",
        "unique_id": event.public_id.hex,
        "metric": {"data": {"type": "metric", "attributes": {"name": "ordergroove.subscription.cancel"}}},
        "profile": {
            "data": {
                "type": "profile",
                "attributes": {
                    "email": "ana@shop.test",
                    "phone_number": "+15013299800",
                    "first_name": "Ana",
                    "last_name": "Ruiz",
                },
            }
        },
    }


@pytest.mark.django_db
def test_the_action_token_is_there_for_exactly_the_kinds_that_carry_one():
    item = ItemFactory()
    carriers = {kind for kind in KINDS if "action_token" in event_attributes(create_event(kind, item))["properties"]}
    assert carriers == {
        "ordergroove.subscription.create",
        "ordergroove.subscription.cancel",
        "ordergroove.order.reminder",
    }


@pytest.mark.django_db
def test_the_status_goes_with_exactly_the_five_kinds_that_set_it():
    item = ItemFactory()
    profiles = {kind: event_attributes(create_event(kind, item))["profile"]["data"]["attributes"] for kind in KINDS}
    assert {kind for kind, profile in profiles.items() if "properties" in profile} == {
        "ordergroove.subscriber.create",
        "ordergroove.subscriber.cancel",
        "ordergroove.subscriber.subscriptions_created",
        "ordergroove.subscription.create",
        "ordergroove.subscription.reactivate",
    }


@pytest.mark.django_db
def test_the_status_is_the_customers_at_the_moment_of_sending():
    item = ItemFactory()
    event = create_event(catalogue.SUBSCRIBER_CANCEL, item)
    statuses = []
    for cancelled in (None, timezone.now()):
        item.subscription.cancelled = cancelled
        item.subscription.save()
        statuses.append(event_attributes(event)["profile"]["data"]["attributes"]["properties"])
    assert statuses == [{STATUS_PROPERTY: "active"}, {STATUS_PROPERTY: "inactive"}]


@pytest.mark.django_db
def test_only_a_placed_order_has_a_value():
    item = ItemFactory(order__total="25.50", order__sub_total="25.50", order__currency_code="USD")
    valued = {
        kind: (found["value"], found["value_currency"])
        for kind in KINDS
        if "value" in (found := event_attributes(create_event(kind, item)))
    }
    assert valued == {"ordergroove.order.success": (25.5, "USD")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("phone", "region", "sent"),
    [
        ("(501) 329-9800", "US", "+15013299800"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("12345", "US", None),
        ("call me", "US", None),
        (None, "US", None),
    ],
)
def test_a_phone_number_is_sent_in_e164_or_not_at_all(phone, region, sent):
    event = create_event(catalogue.ORDER_CANCEL, phone_number=phone, country_code=region)
    assert event_attributes(event)["profile"]["data"]["attributes"].get("phone_number") == sent


@pytest.mark.django_db
def test_the_merchants_country_is_the_region_of_a_recipient_without_one():
    item = ItemFactory(order__customer__merchant__country_code="GB")
    event = create_event(catalogue.ORDER_CANCEL, item, phone_number="020 7946 0018", country_code=None)
    assert Profile.from_event(event).phone_number == "+442079460018"


@pytest.mark.django_db
def test_the_email_is_trimmed_lower_cased_and_the_one_of_the_event():
    item = ItemFactory(order__customer__email="old@shop.test")
    event = create_event(catalogue.ORDER_CANCEL, item, email="  Old@Shop.TEST ")
    item.order.customer.email = "new@shop.test"
    item.order.customer.save()
    assert event_attributes(event)["profile"]["data"]["attributes"]["email"] == "old@shop.test"


STILL_TRUE = {
    "ordergroove.order.reminder",
    "ordergroove.order.reject",
    "order.retryable_placement_failure",
    "ordergroove.order.credit_card_expiration_warning",
    "ordergroove.item.out_of_stock",
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_an_old_event_counts_as_of_now_only_if_it_is_still_true(kind):
    now = NOON + timedelta(hours=3, minutes=31)
    found = event_attributes(create_event(kind, at=NOON), now=now)
    times = (found["time"], found["properties"].get("occurred_at"))
    if kind in STILL_TRUE:
        assert times == ("2026-11-20T15:31:00.000Z", "2026-11-20T12:00:00.000Z")
    else:
        assert times == ("2026-11-20T12:00:00.000Z", None)


@pytest.mark.django_db
def test_an_event_of_less_than_three_and_a_half_hours_keeps_its_time():
    found = event_attributes(create_event(catalogue.ORDER_REMINDER, at=NOON), now=NOON + timedelta(hours=3, minutes=30))
    assert (found["time"], "occurred_at" in found["properties"]) == ("2026-11-20T12:00:00.000Z", False)


def test_nan_is_never_sent():
    with pytest.raises(ValueError):
        bodies.encode_json({"value": float("nan")})
