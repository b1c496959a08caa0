"""Lists that are too long to be counted, and the order by `place`, which goes by an index that is near it."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from subscriptions.api import pagination
from subscriptions.models import Customer, Merchant, Order
from tests.factories import CustomerFactory, OrderFactory, subscription_with_order

DAY = date(2026, 3, 8)
MIDNIGHT = datetime(2026, 3, 8, tzinfo=UTC)
V2 = {"X-OG-API-VERSION": "2"}


def count_exactly_to(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(pagination, "EXACT_COUNT", number)


@pytest.fixture
def expected_rows(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What the planner expects; without an entry, it is asked."""
    given: dict[str, int] = {}
    ask = pagination.estimate_count
    monkeypatch.setattr(pagination, "estimate_count", lambda rows: given["rows"] if given else ask(rows))
    return given


def test_a_count_is_exact_up_to_the_limit_and_the_planners_beyond(
    api: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, expected_rows: dict[str, int]
) -> None:
    CustomerFactory.create_batch(5, merchant=merchant)
    expected_rows["rows"] = 70
    for limit, count in ((6, 5), (5, 5), (4, 70)):
        count_exactly_to(monkeypatch, limit)
        assert api.get("/api/customers/?page_size=2").json()["count"] == count, limit


def test_an_estimate_is_never_below_the_rows_that_are_known(
    api: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, expected_rows: dict[str, int]
) -> None:
    CustomerFactory.create_batch(9, merchant=merchant)
    count_exactly_to(monkeypatch, 3)
    expected_rows["rows"] = 1
    pages = [api.get(f"/api/customers/?page_size=2&page={page}").json() for page in range(1, 6)]
    # One more than the limit; then the page and the row after it; at the end, all.
    assert [page["count"] for page in pages] == [4, 5, 7, 9, 9]
    assert [len(page["results"]) for page in pages] == [2, 2, 2, 2, 1]


def test_next_and_previous_lead_through_all_pages_past_the_limit(
    api: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    CustomerFactory.create_batch(8, merchant=merchant)
    count_exactly_to(monkeypatch, 1)
    seen, address, last = [], "/api/customers/?page_size=2", ""
    while address:
        answer, last = api.get(address).json(), address
        seen.append([row["merchant_user_id"] for row in answer["results"]])
        address = answer["next"] and "?".join(urlsplit(answer["next"])[2:4])
    assert [len(page) for page in seen] == [2, 2, 2, 2]
    assert {name for page in seen for name in page} == set(Customer.objects.values_list("merchant_user_id", flat=True))
    assert "page=3" in api.get(last).json()["previous"]
    response = api.get("/api/customers/?page_size=2&page=5")
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


def test_the_planner_is_asked_about_the_filtered_rows(api: Client, merchant: Merchant, monkeypatch, db) -> None:
    customer = CustomerFactory(merchant=merchant)
    OrderFactory.create_batch(40, customer=customer, status=5)
    OrderFactory.create_batch(20, customer=customer, status=3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subscriptions_order")
    count_exactly_to(monkeypatch, 10)
    assert api.get("/api/orders/?status=5").json()["count"] == 40
    assert api.get("/api/orders/?status=3").json()["count"] == 20


@pytest.mark.parametrize("name", ["customers", "subscriptions", "orders", "items"])
def test_past_the_limit_a_page_takes_one_query_more(
    api: Client, merchant: Merchant, monkeypatch, django_assert_num_queries, name: str
) -> None:
    for _ in range(3):
        subscription_with_order(customer__merchant=merchant)
    queries = 4 if name == "subscriptions" else 3
    for limit, more in ((3, 0), (2, 1)):
        count_exactly_to(monkeypatch, limit)
        with django_assert_num_queries(queries + more):
            api.get(f"/api/{name}/?page_size=1")


@pytest.mark.parametrize("page", ["9" * 18, "9223372036854775807", str(2**63 // 10), "last"])
def test_a_page_beyond_any_table_is_not_found(api: Client, page: str) -> None:
    response = api.get("/api/orders/", {"page": page})
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


@pytest.fixture
def near_midnight(merchant: Merchant) -> list[Order]:
    """Planned and tried orders around one midnight, by `place` in the merchant's zone."""
    customer = CustomerFactory(merchant=merchant)
    hours = range(-36, 37, 3)
    tried = [
        OrderFactory(customer=customer, place_date=DAY, tried_at=MIDNIGHT + timedelta(hours=hour), status=5)
        for hour in hours
    ]
    planned = [OrderFactory(customer=customer, place_date=DAY + timedelta(days=day)) for day in (-2, -1, 0, 1, 2)]
    return tried + planned


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
@pytest.mark.parametrize("headers", [{}, V2])
def test_orders_by_place_are_in_order_in_any_time_zone(
    api: Client, merchant: Merchant, near_midnight: list[Order], zone: str, headers: dict[str, str]
) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(time_zone=zone)
    for ordering, is_descending in (("place", False), ("-place", True)):
        places, address = [], f"/api/orders/?page_size=4&ordering={ordering}"
        while address:
            answer = api.get(address, headers=headers).json()
            places += [row["place"] for row in answer["results"]]
            address = answer["next"] and "?".join(urlsplit(answer["next"])[2:4])
        assert len(places) == len(near_midnight)
        assert places == sorted(places, reverse=is_descending)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_a_bound_of_place_holds_to_the_second_in_any_time_zone(
    api: Client, merchant: Merchant, near_midnight: list[Order], zone: str
) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(time_zone=zone)
    every = {row["public_id"]: row["place"] for row in api.get("/api/orders/?page_size=100").json()["results"]}
    assert len(every) == len(near_midnight)
    for bound in set(every.values()):
        for name, is_within in (("place_start", bound.__le__), ("place_end", bound.__ge__), ("place", bound.__eq__)):
            found = api.get("/api/orders/", {name: bound.replace(" ", "T"), "page_size": 100}).json()["results"]
            assert {row["public_id"] for row in found} == {key for key, place in every.items() if is_within(place)}


def test_a_list_with_a_bound_of_a_time_goes_by_it_unless_ordered(api: Client, merchant: Merchant) -> None:
    customer = CustomerFactory(merchant=merchant)
    days = (2, 0, 1)  # of `place`, from the order created last to the first
    for age, day in enumerate(days):
        created = MIDNIGHT - timedelta(hours=age)
        OrderFactory(customer=customer, created=created, place_date=DAY + timedelta(days=day))

    def days_shown(parameters: str) -> list[int]:
        rows = api.get(f"/api/orders/?{parameters}").json()["results"]
        return [(date.fromisoformat(row["place"][:10]) - DAY).days for row in rows]

    assert days_shown("created_end=2026-12-31") == [2, 0, 1]
    assert days_shown("place_end=2026-12-31") == [2, 1, 0]
    assert days_shown("place_start=2026-03-09") == [2, 1]
    assert days_shown("place_end=2026-12-31&ordering=created") == [1, 0, 2]
    assert days_shown("place_end=&ordering=unknown") == [2, 0, 1]


@pytest.mark.parametrize("headers", [{}, V2])
@pytest.mark.parametrize("ordering", ["created", "-created", "updated"])
def test_the_orders_of_several_statuses_make_one_list(
    api: Client, merchant: Merchant, headers: dict[str, str], ordering: str
) -> None:
    customer, statuses = CustomerFactory(merchant=merchant), (3, 5, 5, 17, 3, 5, 3)
    for hour, status in enumerate(statuses):
        at = MIDNIGHT + timedelta(hours=hour)
        subscription_with_order(customer=customer)
        order = customer.orders.filter(status=1)
        order.update(status=status, created=at, updated=at)
        order_items = customer.orders.filter(created=at).get().items
        order_items.update(created=at)
    for name in ("orders", "items"):
        found, address = [], f"/api/{name}/?status=5&status=3&page_size=2&ordering={ordering}"
        while address:
            answer = api.get(address, headers=headers).json()
            found += answer["results"]
            address = answer["next"] and "?".join(urlsplit(answer["next"])[2:4])
        ids = [row["public_id"] if name == "orders" else row["order"] for row in found]
        wanted = customer.orders.filter(status__in=(3, 5)).order_by(ordering)
        assert ids == [order.public_id.hex for order in wanted]
