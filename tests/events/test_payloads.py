"""Real payloads against the description of each base payload: no key more or less, every value of its type."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from subscriptions.events import payloads
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Entitlement, Item, Order, Product, Resource, Subscription
from tests.events.shape import find_mismatches
from tests.factories import (
    CustomerFactory,
    ItemFactory,
    MerchantFactory,
    OrderFactory,
    subscription_with_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.contract]
ADDED = {
    "cancel_reason": "4|too much",
    "cancel_reason_code": "4",
    "cancel_reason_message": "too much",
    "rejected_code": "140",
    "rejected_message": "declined",
}


@pytest.fixture(scope="session")
def shapes(contracts):
    return json.loads((contracts / "events.json").read_text())["base_payloads"]


@pytest.fixture
def subjects():
    subscription = subscription_with_order(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew"
    )
    subscription.merchant.is_shopify = True
    Entitlement.objects.create(
        merchant=subscription.merchant,
        customer=subscription.customer,
        subscription=subscription,
        product=subscription.product,
        resource=Resource.objects.create(
            merchant=subscription.merchant, name="Ad free music", external_resource_id="music"
        ),
        expiration=datetime.fromisoformat("2027-07-28T18:48:37.783Z"),
        grace_period=86400,
    )
    item = subscription.items.get()
    ItemFactory(order=item.order, subscription=None, one_time=True, product=subscription.product, quantity=1)
    item.order.merchant = subscription.merchant
    return {
        "subscriber": subscription.customer,
        "subscription": subscription,
        "order": item.order,
        "item": item,
    }


@pytest.mark.parametrize("name", KINDS)
def test_a_payload_has_exactly_the_described_fields(name, shapes, subjects):
    kind = KINDS[name]
    payload = payloads.build_payload(name, subjects[kind.base], **{field: ADDED[field] for field in kind.adds})
    shape = {key: leaf for key, leaf in shapes[kind.base].items() if key not in kind.omits}
    assert find_mismatches(payload, shape | dict.fromkeys(kind.adds, "string")) == []


@pytest.mark.parametrize("name", KINDS)
def test_a_payload_of_a_minimal_subject_has_the_same_fields(name, shapes):
    kind = KINDS[name]
    merchant = MerchantFactory(is_shopify=True)
    customer = CustomerFactory(merchant=merchant, phone_number=None)
    subscription = subscription_with_order(customer=customer)
    Product.objects.update(sku=None, image_url=None, detail_url=None)
    subscription.product.refresh_from_db()
    order = OrderFactory(customer=customer)
    bare = {
        "subscriber": customer,
        "subscription": subscription,
        "order": order,
        "item": subscription.items.get(),
    }
    payload = payloads.build_payload(name, bare[kind.base], **dict.fromkeys(kind.adds, ""))
    shape = {key: leaf for key, leaf in shapes[kind.base].items() if key not in kind.omits}
    assert find_mismatches(payload, shape | dict.fromkeys(kind.adds, "string")) == []


def test_the_comparison_finds_a_wrong_name_type_and_nesting():
    shape = {"a": "integer", "list": {"list_of": {"b": "string|null"}}}
    assert find_mismatches({"a": 1, "list": [{"b": None}]}, shape) == []
    assert set(find_mismatches({"a": True, "list": [{"c": "x"}]}, shape)) == {
        ".a: True is no integer",
        ".list[0].b is missing",
        ".list[0].c is too much",
    }


def test_a_field_the_kind_does_not_add_is_refused(subjects):
    with pytest.raises(ValueError, match="adds"):
        payloads.build_payload("ordergroove.subscription.reactivate", subjects["subscription"], cancel_reason="4")


def test_rejection_fields_of_a_retryable_failure_go_to_merchants_on_shopify_only(subjects):
    subjects["order"].merchant.is_shopify = False
    payload = payloads.build_payload(
        "order.retryable_placement_failure", subjects["order"], rejected_code="140", rejected_message="x"
    )
    assert not {"rejected_code", "rejected_message"} & payload.keys()


def test_entitlements_read_as_documented(subjects):
    with time_machine.travel("2027-07-01T12:00:00Z", tick=False):
        payload = payloads.build_payload("ordergroove.subscription.reactivate", subjects["subscription"])
    (summary,) = payload["entitlement_summaries"]
    assert (summary["expires_at"], summary["resource_name"]) == ("2027-07-28T18:48:37.783Z", "Ad free music")
    assert payload["meta_entitlement_expires_at"] == "July 28, 2027 at 02:48 PM"
    assert (payload["has_active_entitlement"], payload["has_grace_entitlement"]) == (True, False)


def test_an_expired_entitlement_is_in_grace_for_its_time_only(subjects):
    ends = datetime.fromisoformat("2027-07-28T18:48:37.783Z")
    read = []
    for moment in (ends, ends + timedelta(seconds=86399), ends + timedelta(seconds=86400)):
        with time_machine.travel(moment, tick=False):
            payload = payloads.build_payload("ordergroove.subscription.reactivate", subjects["subscription"])
        read.append((payload["has_active_entitlement"], payload["has_grace_entitlement"]))
    assert read == [(False, True), (False, True), (False, False)]


def test_revoked_access_does_not_count(subjects):
    Entitlement.objects.update(live=False)
    ends = datetime.fromisoformat("2027-07-28T18:48:37.783Z")
    for moment in (ends - timedelta(days=1), ends):
        with time_machine.travel(moment, tick=False):
            payload = payloads.build_payload("ordergroove.subscription.reactivate", subjects["subscription"])
        assert not (payload["has_active_entitlement"] or payload["has_grace_entitlement"])


def grant_longer(held: Entitlement, **fields) -> Entitlement:
    """A second entitlement that ends a year after `held`."""
    resource = Resource.objects.create(merchant=held.merchant, name="Magazine", external_resource_id="magazine")
    return Entitlement.objects.create(
        merchant=held.merchant,
        customer=held.customer,
        product=held.product,
        resource=resource,
        expiration=held.expiration + timedelta(days=366),
        **({"subscription": held.subscription} | fields),
    )


@pytest.mark.parametrize(
    ("kind", "base"),
    [("ordergroove.subscription.reactivate", "subscription"), ("ordergroove.order.reminder", "order")],
)
def test_the_end_of_the_purchase_is_that_of_the_access_still_live(kind, base, subjects):
    ends = []
    later = grant_longer(Entitlement.objects.get())
    for live in ((True, True), (True, False), (False, False)):
        Entitlement.objects.filter(pk=later.pk).update(live=live[1])
        Entitlement.objects.exclude(pk=later.pk).update(live=live[0])
        payload = payloads.build_payload(kind, subjects[base])
        ends.append(payload["meta_entitlement_expires_at"])
        assert [row["live"] for row in payload["entitlement_summaries"]] == list(live)
    assert ends == ["July 28, 2028 at 02:48 PM", "July 28, 2027 at 02:48 PM", None]


def test_the_end_of_an_order_with_two_subscriptions_is_the_later_live_one(subjects):
    order, held = subjects["order"], Entitlement.objects.get()
    other = subscription_with_order(customer=held.customer, place_date=order.place_date + timedelta(days=9))
    ItemFactory(order=order, subscription=other, upcoming=False)
    later = grant_longer(held, subscription=other)
    kind = "ordergroove.order.reminder"
    assert payloads.build_payload(kind, order)["meta_entitlement_expires_at"] == "July 28, 2028 at 02:48 PM"
    Entitlement.objects.filter(pk=later.pk).update(live=False)
    assert payloads.build_payload(kind, order)["meta_entitlement_expires_at"] == "July 28, 2027 at 02:48 PM"


def test_a_cancelled_subscription_makes_no_prepaid_subscriber():
    subscription = subscription_with_order(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=0, renewal_behavior="autorenew"
    )
    assert payloads.build_payload("ordergroove.subscriber.create", subscription.customer)["has_prepaid"] is True
    Subscription.objects.update(cancelled=subscription.created)
    assert payloads.build_payload("ordergroove.subscriber.cancel", subscription.customer)["has_prepaid"] is False


@pytest.mark.parametrize(("days_later", "expected"), [(-1, 1), (0, 0), (1, 0), (3, 0)])
@pytest.mark.parametrize("kind", ["ordergroove.order.reject", "ordergroove.order.reminder"])
def test_days_until_the_place_date_are_never_below_zero(subjects, kind, days_later, expected):
    order = subjects["order"]
    added = {"rejected_code": "140", "rejected_message": "declined"} if kind.endswith("reject") else {}
    noon = datetime.combine(order.place_date + timedelta(days=days_later), time(17), UTC)
    with time_machine.travel(noon, tick=False):
        assert payloads.build_payload(kind, order, **added)["days_until_place_date"] == expected


def test_an_item_out_of_stock_before_its_date_has_waited_zero_days(subjects):
    Order.objects.update(place_date="2099-01-01")
    item = Item.objects.select_related("order").get(pk=subjects["item"].pk)
    assert payloads.build_payload("ordergroove.item.out_of_stock", item)["days_since_first_attempt"] == 0


def test_a_subscriber_who_cancelled_everything_still_shows_their_subscriptions():
    subscription = subscription_with_order()
    subscription.cancelled = subscription.created
    subscription.save()
    payload = payloads.build_payload("ordergroove.subscriber.cancel", subscription.customer)
    assert payload["total_subscriptions_count"] == 0
    assert [entry["id"] for entry in payload["subscriptions_subset"]] == [subscription.public_id.hex]
