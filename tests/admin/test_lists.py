"""Lists for work: what each tab and each day holds, views of one's own, and the export."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions import calendar
from subscriptions.actions import subscription as verbs
from subscriptions.jobs.unplanned import find_unplanned
from subscriptions.models import (
    AuditEntry,
    Customer,
    Merchant,
    Order,
    OrderStatus,
    Role,
    SavedView,
    Subscription,
    UnplannedSubscription,
)
from tests import factories as f

Login = Callable[..., Client]
ORDERS = "/admin/subscriptions/order/"
SUBSCRIPTIONS = "/admin/subscriptions/subscription/"
CUSTOMERS = "/admin/subscriptions/customer/"


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(time_zone="America/New_York")


def make_order(merchant: Merchant, days: int = 1, **changes: object) -> Order:
    day = calendar.today(merchant.time_zone) + timedelta(days=days)
    row = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), place_date=day)
    Order.objects.filter(customer=row.customer_id).update(**changes)
    return Order.objects.get(customer=row.customer_id)


def listed(client: Client, address: str) -> list[object]:
    return list(client.get(address).context["cl"].result_list)


def read_export(answer: object) -> list[dict[str, str]]:
    text = answer.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_the_tabs_of_orders_hold_what_they_say(merchant: Merchant, login: Login) -> None:
    later, tomorrow = make_order(merchant, 9), make_order(merchant, 1)
    waits_for_stock = make_order(merchant, 1, oos_free_shipping=True)
    undecided = [make_order(merchant, 0, status=status) for status in (14, 10, 13, 19)]
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    rejected, old = make_order(merchant, 0, status=3), make_order(merchant, 0, status=3, updated=long_ago)
    placed, retry = make_order(merchant, 0, status=5), make_order(merchant, 0, status=18)
    client = login(merchant)
    assert listed(client, f"{ORDERS}?tab=upcoming") == [tomorrow, later]
    assert listed(client, f"{ORDERS}?tab=tomorrow") == [tomorrow]
    assert set(listed(client, f"{ORDERS}?tab=needs-you")) == {*undecided, rejected}
    assert set(listed(client, f"{ORDERS}?tab=retrying")) == {retry, undecided[2], undecided[3]}
    assert set(listed(client, f"{ORDERS}?tab=failed")) == {rejected, old}
    assert listed(client, f"{ORDERS}?tab=placed") == [placed]
    assert len(listed(client, ORDERS)) == 11
    assert waits_for_stock in listed(client, ORDERS)


def test_the_tabs_of_subscriptions_hold_what_they_say(merchant: Merchant, login: Login) -> None:
    customer = f.CustomerFactory(merchant=merchant)
    live, gone, prepaid = (f.subscription_with_order(customer=customer) for _ in range(3))
    unplanned = f.SubscriptionFactory(customer=customer)
    verbs.cancel(gone, actor=f.STAFF)
    Subscription.objects.filter(pk=prepaid.pk).update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=1, renewal_behavior="autorenew"
    )
    find_unplanned()
    client = login(merchant)
    found = {name: set(listed(client, f"{SUBSCRIPTIONS}?status={name}")) for name in ("active", "prepaid", "inactive")}
    assert found == {"active": {live, prepaid, unplanned}, "prepaid": {prepaid}, "inactive": {gone}}
    assert listed(client, f"{SUBSCRIPTIONS}?status=unplanned") == [unplanned]
    f.plan_item(unplanned, calendar.today(merchant.time_zone) + timedelta(days=3))
    assert listed(client, f"{SUBSCRIPTIONS}?status=unplanned") == []
    find_unplanned()
    assert not UnplannedSubscription.objects.exists()


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ("from=2026-03-05&to=2026-03-05", True),
        ("from=2026-03-04&to=2026-03-04", False),
        ("from=2026-03-06", False),
        ("to=2026-03-05", True),
        ("from=&to=", True),
    ],
)
def test_a_day_is_that_of_the_merchant_and_both_count(days: str, found: bool, merchant: Merchant, login: Login) -> None:
    # Late in the evening in New York it is the next day in UTC.
    late = datetime(2026, 3, 6, 4, 30, tzinfo=UTC)
    customer = f.CustomerFactory(merchant=merchant)
    Customer.objects.filter(pk=customer.pk).update(created=late)
    make_order(merchant, status=5, tried_at=late, place_date=date(2026, 3, 2))
    client = login(merchant)
    assert (customer in listed(client, f"{CUSTOMERS}?{days}")) is found
    assert bool(listed(client, f"{ORDERS}?tab=placed&{days}")) is found


def test_upcoming_orders_go_by_the_day_they_are_planned_for(merchant: Merchant, login: Login) -> None:
    order = make_order(merchant, 5)
    client, day = login(merchant), order.place_date
    assert listed(client, f"{ORDERS}?tab=upcoming&from={day}&to={day}") == [order]
    assert listed(client, f"{ORDERS}?tab=upcoming&from={day + timedelta(days=1)}") == []


def test_test_customers_can_be_left_out(merchant: Merchant, login: Login) -> None:
    real, test = make_order(merchant), make_order(merchant)
    Customer.objects.filter(pk=test.customer_id).update(is_test=True)
    client = login(merchant)
    assert listed(client, f"{ORDERS}?test=no") == [real]
    assert listed(client, f"{CUSTOMERS}?test=only") == [test.customer]


def test_a_column_cannot_be_sorted_by_its_address(merchant: Merchant, login: Login) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert login(merchant).get(f"{ORDERS}?o=2").status_code == 200
    (query,) = [each["sql"] for each in captured if "LIMIT 50" in each["sql"]]
    assert 'ORDER BY "subscriptions_order"."created" DESC' in query


def test_a_view_is_saved_shown_as_a_tab_and_removed(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    query = {"name": "Late ones", "query": "tab=retrying&q=ana&p=3"}
    assert client.post(f"{ORDERS}views/", query)["Location"] == f"{ORDERS}?q=ana&tab=retrying"
    page = client.get(f"{ORDERS}?tab=retrying&q=ana")
    assert page.context["list_views"] == [{"title": "Late ones", "url": f"{ORDERS}?q=ana&tab=retrying", "active": True}]
    assert b"Remove view" in page.content
    assert client.get(CUSTOMERS).context["list_views"] == []
    view = SavedView.objects.get()
    assert client.post(f"{ORDERS}views/{view.pk}/").status_code == 302
    assert not SavedView.objects.exists()


def test_a_view_is_seen_and_removed_by_its_owner_only(merchant: Merchant, login: Login) -> None:
    login(merchant).post(f"{ORDERS}views/", {"name": "Mine", "query": "tab=failed"})
    view = SavedView.objects.get()
    for other in (login(merchant), login(f.MerchantFactory())):
        assert other.get(ORDERS).context["list_views"] == []
        assert other.post(f"{ORDERS}views/{view.pk}/").status_code == 404
    assert SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 61, "a\0b"])
def test_a_view_without_a_usable_name_is_not_saved(name: str, merchant: Merchant, login: Login) -> None:
    login(merchant).post(f"{ORDERS}views/", {"name": name, "query": "tab=failed"})
    assert not SavedView.objects.exists()


def test_an_export_has_the_filtered_rows_in_merchant_time_and_no_formula(merchant: Merchant, login: Login) -> None:
    order = make_order(
        merchant,
        status=5,
        order_merchant_id="=1+1",
        tried_at=datetime(2026, 3, 6, 4, 30, tzinfo=UTC),
    )
    make_order(merchant)
    client = login(merchant)
    (row,) = read_export(client.get(f"{ORDERS}export/?tab=placed"))
    order.refresh_from_db()
    assert row["order number"] == "'=1+1"
    assert row["last try"] == "2026-03-05 23:30:00"
    assert (row["total"], row["currency"], row["items"]) == (str(order.total), "USD", "2")
    entry = AuditEntry.objects.get()
    assert entry.sentence == "Took the list of orders as a file: tab=placed."
    assert len(read_export(client.get(f"{ORDERS}export/"))) == 2


def test_customers_and_subscriptions_are_exported_with_their_next_order(merchant: Merchant, login: Login) -> None:
    order = make_order(merchant, 3)
    client = login(merchant)
    (customer,) = read_export(client.get(f"{CUSTOMERS}export/"))
    assert (customer["active subscriptions"], customer["next order"]) == ("1", str(order.place_date))
    assert customer["its total"] == str(order.total)
    (subscription,) = read_export(client.get(f"{SUBSCRIPTIONS}export/"))
    assert (subscription["next order"], subscription["status"]) == (str(order.place_date), "Active")


def test_an_export_takes_a_few_queries_for_each_thousand_rows(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    client.get(f"{CUSTOMERS}export/").getvalue()  # Django reads the table of models once
    counts = []
    for _ in range(2):
        make_order(merchant)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{CUSTOMERS}export/").getvalue()
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 14


@pytest.mark.parametrize("role", Role.values)
def test_lists_are_taken_away_by_owners_and_marketing_only(role: str, merchant: Merchant, login: Login) -> None:
    client, allowed = login(merchant, role), role in {Role.OWNER, Role.MARKETING}
    for page in (ORDERS, SUBSCRIPTIONS, CUSTOMERS):
        assert client.get(f"{page}export/").status_code == (200 if allowed else 403)
        assert (b"Export CSV" in client.get(page).content) is allowed


def test_an_export_has_nothing_of_another_merchant(merchant: Merchant, login: Login) -> None:
    make_order(f.MerchantFactory())
    assert read_export(login(merchant).get(f"{ORDERS}export/")) == []


def test_every_status_has_its_place(merchant: Merchant, login: Login) -> None:
    """No order that is not settled is missing from the tabs of work."""
    client = login(merchant)
    unsettled = {s for s in OrderStatus if s not in (5, 4, 17, 3, 9, 20, 6, 11)}
    for status in unsettled:
        make_order(merchant, status=status)
    tabs = ("upcoming", "needs-you", "retrying")
    assert {row.status for tab in tabs for row in listed(client, f"{ORDERS}?tab={tab}")} == unsettled
