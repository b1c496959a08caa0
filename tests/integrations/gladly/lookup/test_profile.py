"""What a linked profile gets: the customer's subscriptions with their buttons."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from integrations.gladly.lookup.transaction_keys import TRANSACTION_KEYS, check_transaction_keys
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.models import Customer, Order, Subscription
from tests.factories import STAFF, CancelReasonFactory, CustomerFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=False)]
DAY = date(2026, 12, 1)


@pytest.fixture
def subscription(ana: Customer) -> Subscription:
    made = subscription_with_order(
        DAY,
        customer=ana,
        merchant=ana.merchant,
        every=30,
        every_period=1,
        price=Decimal("12.99"),
        created="2026-01-31T10:00:00.999+01:00",
        updated="2026-10-02T08:00Z",
    )
    return Subscription.objects.get(pk=made.pk)


def test_a_linked_profile_gets_its_subscriptions(gladly, subscription):
    (result,) = gladly.detailed("C-1001", emails=["else@shop.test"], name="Else")
    assert result["externalCustomerId"] == "C-1001"
    assert result["customAttributes"] == {"subscriptionCount": "1", "activeSubscriptionCount": "1"}
    product, key = subscription.product, subscription.public_id.hex
    assert result["transactions"] == [
        {
            "type": "SUBSCRIPTION",
            "id": key,
            "status": "Active",
            "createdAt": "2026-01-31T09:00:00Z",
            "updatedAt": "2026-10-02T08:00:00Z",
            "billingFrequency": "Every 30 days",
            "nextBillingAt": "2026-12-01T00:00:00Z",
            "cancelledAt": "",
            "cancellationReason": "",
            "price": "12.99",
            "quantity": "2",
            "currencyCode": "USD",
            "products": [
                {
                    "id": product.external_product_id,
                    "name": "House blend",
                    "sku": product.sku,
                    "imageUrl": "https://shop.test/house-blend.png",
                }
            ],
            "actions": [
                {"name": "Cancel Order", "formUrl": f"{gladly.path}/actions/cancel/{key}"},
                {
                    "name": "Skip Next Order",
                    "formUrl": f"{gladly.path}/actions/skip/{key}/{Order.objects.get().public_id.hex}",
                },
            ],
        }
    ]


def test_a_cancelled_subscription_has_its_reason_and_no_buttons(gladly, subscription):
    CancelReasonFactory(merchant=subscription.merchant)
    subscription.product.sku = subscription.product.image_url = None
    subscription.product.save()
    subscription_verbs.cancel(subscription, actor=STAFF, reason="4|too much")
    card = gladly.card("C-1001")
    assert (card["status"], card["cancelledAt"], card["nextBillingAt"]) == ("Cancelled", "2026-11-20T12:00:00Z", "")
    assert (card["cancellationReason"], card["actions"]) == ("Overstocked (too much)", [])
    assert (card["products"][0]["sku"], card["products"][0]["imageUrl"]) == ("", "")


def values(value: Any) -> list[Any]:
    nested = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if nested is None else [each for part in nested for each in values(part)]


def test_every_value_is_a_text(gladly, subscription):
    subscription_with_order(customer=subscription.customer, merchant=subscription.merchant, price=None)
    subscription_verbs.cancel(subscription, actor=STAFF)
    assert {type(value) for value in values(gladly.detailed("C-1001"))} == {str}


@pytest.mark.parametrize("external", ["C-1002", "c-1001", "", "C-1001\0", None, 1001, ["C-2"], {"a": 1}, "x" * 999])
def test_a_linked_profile_of_an_unknown_id_gets_nobody_else(gladly, subscription, external):
    CustomerFactory(merchant_user_id="C-1002")  # of another merchant
    query = {"externalCustomerId": external, "emails": ["ana@shop.test"], "phones": ["+15013299800"]}
    assert gladly.look_up("DETAILED", query, unique=True) == []


@pytest.mark.parametrize(
    ("enabled", "names"),
    [
        ([], []),
        (["cancel"], ["Cancel Order"]),
        (["skip"], ["Skip Next Order"]),
        (["skip", "cancel"], ["Cancel Order", "Skip Next Order"]),
    ],
)
def test_only_activated_actions_have_a_button(gladly, connection, subscription, enabled, names):
    connection.gladly.actions_enabled = enabled
    connection.gladly.save()
    assert [action["name"] for action in gladly.card("C-1001")["actions"]] == names


def test_guards_take_buttons_away(gladly, subscription):
    Order.objects.update(locked=True)
    assert [action["name"] for action in gladly.card("C-1001")["actions"]] == ["Cancel Order"]
    Subscription.objects.update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=1, renewal_behavior=Subscription.Renewal.CANCEL
    )
    assert gladly.card("C-1001")["actions"] == []


def test_keys_type_and_addresses_follow_the_settings(gladly, subscription, settings):
    settings.GLADLY_TRANSACTION_TYPE = "ORDER"
    settings.GLADLY_TRANSACTION_KEYS = {"nextBillingAt": "nextOrderAt", "products": "lineItems"}
    settings.GLADLY_FORM_URL_MODE = "append"
    card = gladly.card("C-1001")
    assert list(card) == [settings.GLADLY_TRANSACTION_KEYS.get(name, name) for name in TRANSACTION_KEYS]
    assert check_transaction_keys() == []
    assert (card["type"], card["nextOrderAt"]) == ("ORDER", "2026-12-01T00:00:00Z")
    assert card["lineItems"][0]["name"] == "House blend"
    assert not {"nextBillingAt", "products"} & set(card)
    path = card["actions"][0]["formUrl"]
    assert path == f"/actions/cancel/{subscription.public_id.hex}"
    for base in (gladly.path, gladly.path + "/"):
        assert gladly.request("GET", base + path).json()["actionUrl"] == path


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"nextBilling": "nextOrderAt"}, "there is no key “nextBilling”"),
        ({"price": "quantity"}, "two keys would be called “quantity”"),
        ({"price": ""}, "“price” is given no name"),
    ],
)
def test_names_of_keys_that_mean_nothing_stop_the_portal_at_its_start(settings, keys, fault):
    settings.GLADLY_TRANSACTION_KEYS = keys
    with pytest.raises(SystemCheckError, match=fault):
        call_command("check")
