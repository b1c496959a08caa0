"""Payloads where a list is full, a day is reached, and two prices or ends differ."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from subscriptions.events import payloads
from subscriptions.models import Entitlement, Item, Order, Product, Resource, Subscription
from tests.factories import CustomerFactory, ItemFactory, SubscriptionFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = date(2026, 11, 20)
REMINDER = "ordergroove.order.reminder"
CREATED = "ordergroove.subscriber.create"


@pytest.mark.parametrize(("items", "shown"), [(9, 9), (10, 10), (11, 10)])
def test_an_order_shows_its_ten_oldest_items_and_counts_them_all(items: int, shown: int) -> None:
    first = subscription_with_order(DAY, quantity=1).items.get()
    for number in range(2, items + 1):
        ItemFactory(order=first.order, subscription=None, one_time=True, product=first.product, quantity=number)
    payload = payloads.build_payload(REMINDER, Order.objects.get())
    assert payload["total_items_count"] == items
    assert [item["quantity"] for item in payload["items_subset"]] == list(range(1, shown + 1))


@pytest.mark.parametrize(("live", "shown"), [(9, 9), (10, 10), (11, 10)])
def test_a_subscriber_shows_the_ten_newest_live_subscriptions_and_counts_them_all(live: int, shown: int) -> None:
    customer = CustomerFactory()
    for number in range(1, live + 1):
        # The keys rise while the times fall: the time decides.
        SubscriptionFactory(customer=customer, quantity=number, created=timezone.now() - timedelta(hours=number))
    ended = SubscriptionFactory(customer=customer, quantity=99)
    Subscription.objects.filter(pk=ended.pk).update(cancelled=ended.created)
    payload = payloads.build_payload(CREATED, customer)
    assert payload["total_subscriptions_count"] == live
    assert [each["quantity"] for each in payload["subscriptions_subset"]] == list(range(1, shown + 1))


def test_an_item_shows_its_own_price_and_its_products() -> None:
    subscription_with_order(DAY, quantity=3)
    Item.objects.update(price=Decimal("0.05"), total_price=Decimal("0.15"))
    Product.objects.update(price=Decimal("12.55"))
    (item,) = payloads.build_payload(REMINDER, Order.objects.get())["items_subset"]
    assert (item["price"], item["total_price"], item["product"]["price"]) == (0.05, 0.15, 12.55)


@pytest.mark.parametrize(("since", "days"), [(None, 0), (0, 0), (1, 1), (30, 30), (-1, 0)])
def test_the_days_of_an_item_out_of_stock_count_from_its_first_missing_day(since: int | None, days: int) -> None:
    """Not from its own age or its order's date; after a move to an earlier time zone they begin at 0 too."""
    item = subscription_with_order(DAY - timedelta(days=7)).items.get()
    item.out_of_stock_since = None if since is None else DAY - timedelta(days=since)
    assert payloads.build_payload("ordergroove.item.out_of_stock", item)["days_since_first_attempt"] == days


def test_entitlements_come_in_the_order_in_which_they_were_granted_each_with_its_own_grace() -> None:
    subscription = subscription_with_order(DAY)
    # The one granted first ends last, and has no grace period.
    for name, days, grace in (("music", 40, None), ("films", 30, 86400), ("books", 20, 0)):
        Entitlement.objects.create(
            merchant=subscription.merchant,
            customer=subscription.customer,
            subscription=subscription,
            product=subscription.product,
            resource=Resource.objects.create(merchant=subscription.merchant, name=name, external_resource_id=name),
            expiration=timezone.now() + timedelta(days=days),
            grace_period=grace,
        )
    expected = [("music", None), ("films", "2026-12-21T17:00:00.000Z"), ("books", None)]
    for kind, subject in ((REMINDER, Order.objects.get()), ("ordergroove.subscription.create", subscription)):
        summaries = payloads.build_payload(kind, subject)["entitlement_summaries"]
        assert [(each["resource_name"], each["grace_expires_at"]) for each in summaries] == expected
