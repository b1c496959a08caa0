"""A client that reads changes, and continues with the time of the newest one it has seen, misses none."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from common.db import open_transactions
from subscriptions.actions.customer_lock import create_locked_customer
from subscriptions.api import changes
from subscriptions.models import Address, Customer, Item, Merchant, OneTimeIncentive, Order, Subscription
from tests.api.catalogue.rows import create_incentive
from tests.factories import AddressFactory, CustomerFactory, subscription_with_order

BEFORE = datetime(2026, 1, 5, 12, tzinfo=UTC)
V2 = {"X-OG-API-VERSION": "2"}
# The list, its filter, and the field of its objects that shows the time.
LISTS = [
    ("customers", "updated_start", "last_updated"),
    ("customers", "created_start", "created"),
    ("addresses", "updated_start", "updated"),
    ("subscriptions", "updated_start", "updated"),
    ("orders", "updated_start", "updated"),
    ("items", "order_updated_start", "order_updated"),
    ("one_time_incentives", "last_updated_start", "last_updated"),
]
on_two_connections = pytest.mark.django_db(transaction=True)


def make_subscriber(merchant: Merchant, name: str) -> Customer:
    customer: Customer = CustomerFactory(merchant=merchant, merchant_user_id=name)
    subscription_with_order(customer=customer, shipping_address=AddressFactory(customer=customer))
    create_incentive(Order.objects.get(customer=customer))
    stamp(customer, BEFORE)
    return customer


def stamp(customer: Customer, moment: datetime) -> None:
    """As if all rows of `customer` were written at `moment`."""
    Customer.objects.filter(pk=customer.pk).update(created=moment, last_updated=moment)
    for model in (Address, Subscription, Order):
        model._default_manager.filter(customer=customer).update(updated=moment)
    OneTimeIncentive.objects.filter(customer=customer).update(last_updated=moment)


@contextmanager
def open_transaction(write: Callable[[], Any]) -> Iterator[None]:
    """Another connection has called `write` in a transaction that is open within the block, and commits at its end."""
    written, release = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                write()
                written.set()
                release.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        assert written.wait(10)
        try:
            yield
        finally:
            release.set()
        done.result()


def read(api: Client, name: str, since: str, field: str) -> tuple[set[str], str]:
    """The customers of the rows that a list shows, and the time at which to continue."""
    answer = api.get(f"/api/{name}/?{since}").json()["results"]
    shop_ids = dict(Item.objects.values_list("public_id", "order__customer__merchant_user_id"))
    shown = {row.get("customer") or row.get("merchant_user_id") or shop_ids[UUID(row["public_id"])] for row in answer}
    return shown, max((row[field] for row in answer), default="").replace(" ", "T")


def wait_for_the_next_second() -> None:
    time.sleep(1 - time.time() % 1 + 0.01)


def read_around_an_open_transaction(api: Client, merchant: Merchant) -> list[tuple[set[str], set[str]]]:
    """What each of LISTS shows while one customer's rows are written but not committed, and what it shows then.

    Meanwhile another customer's rows have been written later and committed.
    """
    late, quick = make_subscriber(merchant, "late"), make_subscriber(merchant, "quick")
    since = f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    with open_transaction(lambda: stamp(late, timezone.now())):
        wait_for_the_next_second()
        stamp(quick, timezone.now())
        first = [read(api, name, f"{parameter}={since}", field) for name, parameter, field in LISTS]
    return [
        (shown, read(api, name, f"{parameter}={newest or since}", field)[0])
        for (shown, newest), (name, parameter, field) in zip(first, LISTS, strict=True)
    ]


@on_two_connections
def test_rows_of_an_open_transaction_come_with_the_next_read(api: Client, merchant: Merchant) -> None:
    assert read_around_an_open_transaction(api, merchant) == [(set(), {"late", "quick"})] * len(LISTS)


@on_two_connections
def test_they_would_be_missed_if_later_rows_were_shown_first(
    api: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(changes, "_complete_until", lambda: datetime.max.replace(tzinfo=UTC))
    assert read_around_an_open_transaction(api, merchant) == [({"quick"}, {"quick"})] * len(LISTS)


@on_two_connections
def test_a_list_of_all_changes_shows_everything(api: Client, merchant: Merchant) -> None:
    late, quick = make_subscriber(merchant, "late"), make_subscriber(merchant, "quick")
    today = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
    with open_transaction(lambda: stamp(late, timezone.now())):
        stamp(quick, timezone.now())
        for name, parameter, field in LISTS:
            assert read(api, name, "", field)[0] == {"late", "quick"}, name
            if parameter not in ("updated_start", "order_updated_start"):
                continue
            assert "quick" in read(api, name, f"{parameter.replace('start', 'end')}=2999-01-01", field)[0], name
            assert read(api, name, f"{parameter}={today}", field)[0] == set(), name


@on_two_connections
def test_older_changes_are_shown_beside_an_open_transaction(api: Client, merchant: Merchant) -> None:
    old, late = CustomerFactory.create_batch(2, merchant=merchant, last_updated=BEFORE)
    stamp(old, timezone.now() - timedelta(seconds=3))
    with open_transaction(lambda: stamp(late, timezone.now())):
        assert read(api, "customers", "updated_start=2026-02-01", "last_updated")[0] == {old.merchant_user_id}


@on_two_connections
def test_a_client_finds_its_own_write_at_once(api: Client, merchant: Merchant) -> None:
    customer = CustomerFactory(merchant=merchant)
    since = f"updated_start={customer.last_updated:%Y-%m-%dT%H:%M:%SZ}"
    assert read(api, "customers", since, "last_updated")[0] == {customer.merchant_user_id}


@on_two_connections
@pytest.mark.parametrize(("age", "shown"), [(timedelta(0), set()), (timedelta(seconds=5), {"mine"})])
def test_a_transaction_that_only_reads_counts_for_five_seconds(
    api: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, age: timedelta, shown: set[str]
) -> None:
    """It may have taken the time of a write that it has not begun."""
    limit = f"interval '{5 - age.total_seconds()} seconds'"
    statement = open_transactions.OLDEST_OPEN.replace("interval '5 seconds'", limit)
    monkeypatch.setattr(open_transactions, "OLDEST_OPEN", statement)
    customer = CustomerFactory(merchant=merchant, merchant_user_id="mine", last_updated=BEFORE)
    with open_transaction(Merchant.objects.exists):
        stamp(customer, timezone.now())
        assert read(api, "customers", "updated_start=2026-02-01", "last_updated")[0] == shown


@on_two_connections
def test_times_of_test_clocks_are_shown(api: Client, merchant: Merchant) -> None:
    late, ahead = CustomerFactory.create_batch(2, merchant=merchant, last_updated=BEFORE)
    stamp(ahead, timezone.now() + timedelta(days=30))
    with open_transaction(lambda: stamp(late, timezone.now())):
        assert read(api, "customers", "updated_start=2026-02-01", "last_updated")[0] == {ahead.merchant_user_id}


def test_all_pages_of_a_reading_by_cursor_end_at_the_same_moment(api: Client, merchant: Merchant) -> None:
    """A change on a page that has been read comes with the next reading, and so must those after it."""
    customers = [CustomerFactory(merchant=merchant, created=BEFORE - timedelta(days=day)) for day in range(4)]
    first = api.get("/api/customers/?updated_start=2026-01-01&page_size=2", headers=V2).json()
    for changed in (customers[0], customers[3]):
        Customer.objects.filter(pk=changed.pk).update(last_updated=timezone.now())
    second = api.get(first["next"]).json()
    assert [row["merchant_user_id"] for row in second["results"]] == [customers[1].merchant_user_id]
    again = api.get("/api/customers/?updated_start=2026-01-01", headers=V2).json()
    assert len(again["results"]) == 4


@pytest.mark.parametrize("given", ["", "x", "2026-01-01", "2026-01-01T00:00:00", "9" * 5000, "%00"])
def test_a_link_with_another_end_is_harmless(api: Client, merchant: Merchant, given: str) -> None:
    CustomerFactory(merchant=merchant)
    response = api.get(f"/api/customers/?updated_start=2026-01-01&complete_until={given}", headers=V2)
    assert (response.status_code, len(response.json()["results"])) == (200, 1)


@pytest.mark.parametrize("number", [1, 10])
@pytest.mark.parametrize(
    ("query", "queries"),
    # The key, the count and the rows.
    [("", 3), ("updated_end=2999-01-01", 3), ("updated_start=2026-01-01&created_start=2026-01-01", 4)],
)
def test_a_list_of_changes_takes_one_more_statement(
    api: Client, merchant: Merchant, django_assert_num_queries: Any, query: str, queries: int, number: int
) -> None:
    CustomerFactory.create_batch(number + 1, merchant=merchant)
    with django_assert_num_queries(queries):
        answer = api.get(f"/api/customers/?page_size={number}&{query}").json()
    assert len(answer["results"]) == number


@on_two_connections
def test_a_new_customer_is_not_older_than_its_transaction(merchant: Merchant) -> None:
    names = {"first_name": "Ana", "last_name": "Ruiz", "email": "ana@shop.test", "merchant_user_id": "C-1"}
    with create_locked_customer(merchant, **names) as customer, connection.cursor() as cursor:
        cursor.execute("SELECT xact_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        (began,) = cursor.fetchone()
    assert began <= customer.created <= customer.last_updated
