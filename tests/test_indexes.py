"""Queries of tables that only grow use an index."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from subscriptions.events.catalogue import KINDS, SUBSCRIPTION_CANCEL
from subscriptions.models import Customer, Event, Merchant
from subscriptions.staff.search import customers_matching
from tests.factories import MerchantFactory

MANY = 3000
NAMES = ["email", "first_name", "last_name", "merchant_user_id"]


@pytest.fixture
def merchant(db) -> Merchant:
    merchant = MerchantFactory()
    customers = [
        Customer(
            merchant=merchant,
            merchant_user_id=f"N{n}",
            first_name=f"F{n}",
            last_name=f"L{n}",
            email=f"{n}@x.test",
            phone_number=f"(501) 555-{n:04}",
        )
        for n in range(MANY)
    ]
    Customer.objects.bulk_create(customers)
    event = {"merchant": merchant, "customer": customers[0], "payload": {}, "recipient": {}}
    kinds, now = list(KINDS), timezone.now()
    Event.objects.bulk_create(
        Event(**event, kind=kinds[n % len(kinds)], at=now - timedelta(hours=n)) for n in range(MANY)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subscriptions_customer, subscriptions_event")
    return merchant


@pytest.mark.parametrize(("term", "columns"), [("ana1@", ["email"]), ("ana1", NAMES)])
def test_staffs_search_goes_by_the_beginning_of_each_column(merchant, term, columns):
    plan = customers_matching(merchant, term).explain()
    assert "Seq Scan" not in plan
    assert [name for name in NAMES if f"customer_by_{name}" in plan] == columns


def test_staffs_search_goes_by_the_end_of_the_phone_number(merchant):
    found = customers_matching(merchant, "+1 501-555 0042")
    assert [customer.phone_number for customer in found] == ["(501) 555-0042"]
    plan = found.explain()
    assert "Seq Scan" not in plan
    assert "customer_by_phone" in plan and "customer_by_merchant_user_id" in plan


def test_the_beginning_of_a_text_is_indexed_whatever_the_databases_locale(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'customer_by_%'")
        found = [definition for (definition,) in cursor.fetchall()]
    assert len(found) == len(NAMES) + 1 and all("text_pattern_ops" in definition for definition in found)


def test_the_days_of_a_kind_and_the_latest_events_are_read_by_index(merchant):
    events = Event.objects.filter(merchant=merchant)
    recent = events.filter(kind=SUBSCRIPTION_CANCEL, at__gte=timezone.now() - timedelta(days=30))
    assert "event_kind" in recent.explain()
    latest = events.order_by("-at", "-id")[:50].explain()
    assert "event_list" in latest and "Seq Scan" not in latest
