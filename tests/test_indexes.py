"""Queries of tables that only grow use an index."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.retention import expired_deliveries
from subscriptions import api_keys
from subscriptions.actions import orders
from subscriptions.admin.filters import orders_needing_you
from subscriptions.events.catalogue import KINDS, SUBSCRIPTION_CANCEL
from subscriptions.models import Customer, Event, Merchant, Order, Subscription
from subscriptions.staff.search import customers_matching, rows_with_number
from tests.factories import ItemFactory, MerchantFactory

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


LISTS = {
    "orders/": "order_list",
    "orders/?ordering=updated": "order_updated",
    "orders/?status=5&ordering=created": "order_status_list",
    "orders/?status=1&status=5": "order_status_list",
    "orders/?ordering=place": "order_place",
    "orders/?status=1&ordering=-place": "order_status_place",
    "orders/?place_start=2026-02-01&place_end=2026-06-30": "order_place",
    "orders/?place_end=2026-06-30&status=5": "order_status_place",
    "orders/?updated_end=2026-06-30": "order_updated",
    "items/?status=1&ordering=created": "item_status_list",
    "items/?status=5": "item_status_list",
    "items/?place_end=2026-06-30": "item_place",
    "items/?place_end=2026-06-30&status=5": "item_status_place",
    "items/?status=5&ordering=updated": "order_status_updated",
    "items/?order_updated_end=2026-06-30": "order_updated",
    "items/?product=coffee": "item_product",
    "items/?one_time=true": "item_one_time",
    "subscriptions/?live=false": "subscription_cancelled_list",
    "subscriptions/?live=true": "subscription_live_list",
    "subscriptions/?product=coffee": "subscription_product",
    "products/": "product_offered",
    "products/?ordering=updated": "product_updated",
    "products/?search=BLEND+77": "product_search",
    "products/?id_or_name=d+77": "product_search",
}


@pytest.fixture
def long_lists(db: None) -> Merchant:
    """Of orders, items, subscriptions and products; the newest are to come, and the oldest are placed."""
    first = ItemFactory(subscription__product__external_product_id="coffee")
    times = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=4 * n) for n in range(1800)]
    add_copies(
        first.product,
        (
            {"external_product_id": f"P{n}", "name": f"Blend {n}", "autoship_enabled": n % 11 == 0}
            for n in range(len(times))
        ),
    )
    # The product that is asked for is on few subscriptions and items: were it on all, their list would do as well.
    products = [first.product_id] + 8 * [first.merchant.products.exclude(pk=first.product_id).latest("pk").pk]
    add_copies(
        first.subscription,
        (
            {"created": at, "cancelled": times[0] if n % 2 else None, "product_id": products[n % 9]}
            for n, at in enumerate(times)
        ),
    )
    placed, to_come = {"status": 5}, {"status": 1, "locked": True, "tried_at": None, "place_date": date(2027, 1, 1)}
    stamped = [{"created": at, "updated": at, "place_date": at.date(), "tried_at": at} for at in times]
    orders = add_copies(first.order, [row | placed for row in stamped[:900]] + [row | to_come for row in stamped[900:]])
    items = [
        {"order_id": order.pk, "product_id": products[n % 9], "upcoming": False, "created": order.created}
        for n, order in enumerate(orders)
    ]
    add_copies(first, [item | {"one_time": True, "subscription_id": None} for item in items[:9]] + items[9:])
    with connection.cursor() as cursor:
        # What other tests have left to be sorted in makes the index look dearer than it is.
        cursor.execute("SELECT gin_clean_pending_list('product_search')")
        for row in (first, first.order, first.subscription, first.product):
            cursor.execute(f"ANALYZE {row._meta.db_table}")
    merchant: Merchant = first.merchant
    return merchant


def add_copies(row: Any, changes: Iterable[dict[str, Any]]) -> list[Any]:
    kept = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    del kept["id"], kept["public_id"]
    made: list[Any] = type(row).objects.bulk_create((type(row)(**kept | change) for change in changes), batch_size=900)
    return made


def test_each_list_of_the_api_goes_by_an_index(long_lists: Merchant) -> None:
    _, key = api_keys.create_api_key(long_lists, "Test", ["read", "bulk"])
    client = Client(headers={"x-api-key": key})
    plans = {address: plan_of_page(client, address) for address in LISTS}
    assert {address: name for address, name in LISTS.items() if f" {name} " not in plans[address]} == {}


def plan_of_page(client: Client, address: str) -> str:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/api/{address}").json()["results"], address
    page = next(query["sql"] for query in queries if " IN (" in query["sql"] and "LIMIT" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_the_numbers_of_a_shop_are_found_by_index(long_lists):
    numbers = rows_with_number(long_lists, Order, "1001").explain()
    assert "order_by_number" in numbers and "Seq Scan" not in numbers
    subscriptions = rows_with_number(long_lists, Subscription, "1001").explain()
    assert "subscription_by_shop_order" in subscriptions and "Seq Scan" not in subscriptions


def test_orders_that_need_somebody_are_read_by_an_index_of_their_own(long_lists):
    listed = orders_needing_you(Order.objects.filter(merchant=long_lists)).order_by("-updated", "public_id")[:50]
    plan = listed.explain()
    assert "order_needs_you" in plan and "Sort" not in plan


def test_a_customers_open_order_is_never_looked_for_by_the_day_alone(long_lists):
    order = long_lists.orders.open().select_related("customer").latest("pk")
    with CaptureQueriesContext(connection) as queries:
        assert orders.find_open_order(order.customer, order.order_key).order_key == order.order_key
    conditions = queries[0]["sql"].split("WHERE")[1]
    # An index by day would do for the planner, as long as the statistics expect few orders of that day.
    assert "customer_id" in conditions and "place_date" not in conditions


def test_old_deliveries_are_found_without_reading_the_others(db: None) -> None:
    with connection.cursor() as cursor:
        # A table without rows is read whole or by its key, whatever other indexes it has.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    assert "delivery_age" in expired_deliveries(timezone.now()).order_by("pk")[:1000].explain()
