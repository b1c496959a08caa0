"""The status of a Klaviyo profile, which customers with the same e-mail address share."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import http
from integrations.esp.statuses import STATUS_PROPERTY
from subscriptions.events import catalogue
from subscriptions.models import Customer, Event, Merchant, Subscription
from tests.factories import ConnectionFactory, CustomerFactory, MerchantFactory, SubscriptionFactory
from tests.integrations.events import create_delivery, create_event
from tests.integrations.klaviyo.sending import event_status, send_delivery

pytestmark = pytest.mark.django_db
MANY = 3000


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = MerchantFactory()
    return made


def subscribed(merchant: Merchant, email: str, *, live: bool = True, **fields: Any) -> Subscription:
    """A subscription of a new customer with this e-mail address."""
    customer = CustomerFactory(merchant=merchant, email=email, **fields)
    cancelled = None if live else timezone.now() - timedelta(hours=1)
    made: Subscription = SubscriptionFactory(customer=customer, cancelled=cancelled)
    return made


def cancel_event(subscription: Subscription) -> Event:
    return Event.objects.create(
        merchant=subscription.merchant,
        customer=subscription.customer,
        kind=catalogue.SUBSCRIBER_CANCEL,
        payload={},
        recipient={"email": subscription.customer.email},
        at=timezone.now(),
    )


def test_a_profile_stays_active_while_another_customer_with_its_address_is_live(merchant: Merchant) -> None:
    event = cancel_event(subscribed(merchant, "ana@shop.test", live=False))
    other = subscribed(merchant, "Ana@Shop.test")
    assert event_status(event, "ana@shop.test", with_tests=False) == "active"
    Subscription.objects.filter(pk=other.pk).update(cancelled=timezone.now())
    assert event_status(event, "ana@shop.test", with_tests=False) == "inactive"


def test_another_merchants_customer_with_the_address_does_not_count(merchant: Merchant) -> None:
    event = cancel_event(subscribed(merchant, "ana@shop.test", live=False))
    subscribed(MerchantFactory(), "ana@shop.test")
    assert event_status(event, "ana@shop.test", with_tests=False) == "inactive"


def test_a_customer_who_has_another_address_by_now_does_not_count(merchant: Merchant) -> None:
    event = cancel_event(subscribed(merchant, "ana@shop.test", live=False))
    moved = subscribed(merchant, "ana@shop.test").customer
    Customer.objects.filter(pk=moved.pk).update(email="ana@else.test")
    assert event_status(event, "ana@shop.test", with_tests=False) == "inactive"


@pytest.mark.parametrize(("with_tests", "status"), [(True, "active"), (False, "inactive")])
def test_a_test_customer_counts_only_where_test_events_go(merchant: Merchant, with_tests: bool, status: str) -> None:
    event = cancel_event(subscribed(merchant, "ana@shop.test", live=False))
    subscribed(merchant, "ana@shop.test", is_test=True)
    assert event_status(event, "ana@shop.test", with_tests=with_tests) == status


@pytest.mark.parametrize(
    ("address", "status"),
    [("", "inactive"), ("https://klaviyo.test", "inactive"), ("https://portal.test/sandbox/klaviyo", "active")],
)
def test_the_status_that_is_sent_counts_test_customers_in_the_sandbox_only(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, address: str, status: str
) -> None:
    event = cancel_event(subscribed(merchant, "ana@shop.test", live=False))
    subscribed(merchant, "ana@shop.test", is_test=True)
    sent: list[dict[str, Any]] = []

    def accept(*_: Any, content: bytes, **__: Any) -> http.Reply:
        sent.append(json.loads(content))
        return http.Reply(202, httpx.Headers(), b"")

    monkeypatch.setattr(http, "send_request", accept)
    assert send_delivery(create_delivery(event, ConnectionFactory(merchant=merchant, base_url=address))).status == 202
    profile = sent[0]["data"]["attributes"]["profile"]["data"]["attributes"]
    assert profile["properties"] == {STATUS_PROPERTY: status}


@pytest.mark.parametrize(("live", "status"), [(True, "active"), (False, "inactive")])
def test_a_profile_without_an_address_is_its_customers_alone(merchant: Merchant, live: bool, status: str) -> None:
    event = cancel_event(subscribed(merchant, "no address", live=live))
    subscribed(merchant, "no address", live=not live)
    assert event_status(event, None, with_tests=False) == status


def test_the_customers_with_an_address_are_found_by_index_among_many(merchant: Merchant) -> None:
    customers = [Customer(merchant=merchant, merchant_user_id=f"N{n}", email=f"Ana{n}@shop.test") for n in range(MANY)]
    Customer.objects.bulk_create(customers)
    model = SubscriptionFactory(customer=customers[0])
    address, product, payment = model.shipping_address, model.product, model.payment
    Subscription.objects.bulk_create(
        Subscription(
            merchant=merchant, customer=customer, shipping_address=address, product=product, payment=payment,
            quantity=1, every=1, every_period=3, start_date="2026-01-01",
        )
        for customer in customers[1:]
    )  # fmt: skip
    event = create_event(catalogue.SUBSCRIBER_CANCEL)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE subscriptions_customer, subscriptions_subscription")
    event.merchant = merchant
    with CaptureQueriesContext(
        database,
    ) as asked:
        assert event_status(event, "ana77@shop.test", with_tests=False) == "active"
    (query,) = asked.captured_queries
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "customer_by_email" in plan and "Seq Scan" not in plan
