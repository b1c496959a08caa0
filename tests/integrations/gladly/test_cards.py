"""What agents see of subscriptions."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.gladly.cards import SubscriptionCount, count_subscriptions, read_cards
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.models import Customer, Order, OrderStatus, Subscription
from tests.factories import STAFF, CancelReasonFactory, CustomerFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=False)]
DAY = date(2026, 12, 1)


@pytest.fixture
def subscription() -> Subscription:
    return subscription_with_order(DAY, price=Decimal("9.99"))


def test_a_card_shows_the_next_order_and_what_may_be_done(subscription):
    (card,) = read_cards(subscription.merchant, subscription.customer)
    assert (card.subscription, card.next_order) == (subscription, Order.objects.get())
    assert (card.status, card.price, card.cancel_reason) == ("Active", Decimal("9.99"), "")
    # Midnight in New York, the merchant's zone.
    assert card.next_billing_at == datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert (card.can_cancel, card.can_skip) == (True, True)


def test_a_cancelled_subscription_comes_last_with_its_reason_and_without_an_order(subscription):
    CancelReasonFactory(merchant=subscription.merchant)
    later = subscription_with_order(DAY, customer=subscription.customer, merchant=subscription.merchant)
    subscription_verbs.cancel(subscription, actor=STAFF, reason="4|too much")
    first, last = read_cards(subscription.merchant, subscription.customer)
    assert (first.subscription, last.subscription) == (later, subscription)
    assert (last.status, last.cancel_reason) == ("Cancelled", "Overstocked (too much)")
    assert (last.next_order, last.next_billing_at, last.can_cancel, last.can_skip) == (None, None, False, False)


@pytest.mark.parametrize(
    ("orders", "subscriptions", "can"),
    [
        ({"locked": True}, {}, (True, False)),
        ({"oos_free_shipping": True}, {}, (True, False)),
        ({"status": OrderStatus.SEND_NOW}, {}, (True, False)),
        (
            {},
            {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 1, "renewal_behavior": "cancel"},
            (False, True),
        ),
    ],
)
def test_only_what_the_guards_allow_may_be_done(subscription, orders, subscriptions, can):
    Order.objects.update(**orders)
    Subscription.objects.update(**subscriptions)
    (card,) = read_cards(subscription.merchant, subscription.customer)
    assert (card.can_cancel, card.can_skip) == can


def test_the_number_of_queries_does_not_grow_with_the_subscriptions(subscription):
    customer = Customer.objects.select_related("merchant").get()
    for day in range(2, 6):
        other = subscription_with_order(date(2026, 12, day), customer=customer, merchant=customer.merchant)
    subscription_verbs.cancel(other, actor=STAFF, reason="4")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        cards = read_cards(customer.merchant, customer)
        assert [(card.can_cancel, card.can_skip, card.status, str(card.price)) for card in cards][0][:2] == (True, True)
    assert (len(cards), len(queries)) == (5, 3)


def test_subscriptions_are_counted_for_many_customers_at_once(subscription, django_assert_num_queries):
    gone = subscription_with_order(DAY, customer=subscription.customer, merchant=subscription.merchant)
    subscription_verbs.cancel(gone, actor=STAFF)
    nobody = CustomerFactory(merchant=subscription.merchant)
    with django_assert_num_queries(1):
        counts = count_subscriptions(subscription.merchant, [subscription.customer, nobody])
    assert counts == {subscription.customer.pk: SubscriptionCount(2, 1), nobody.pk: SubscriptionCount()}
