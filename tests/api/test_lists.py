from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from subscriptions.models import Customer, Merchant, Subscription
from tests.factories import CustomerFactory, OrderFactory, SubscriptionFactory, subscription_with_order

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
V2 = {"X-OG-API-VERSION": "2"}


@pytest.fixture
def rows(merchant: Merchant) -> list[Subscription]:
    """Seven subscriptions of one customer, of which three were made in the same moment; in list order."""
    customer = CustomerFactory(merchant=merchant, merchant_user_id="a b")
    made = [
        SubscriptionFactory(customer=customer, created=NOON + timedelta(days=day), updated=NOON - timedelta(days=day))
        for day in (0, 1, 2, 2, 2, 3, 4)
    ]
    return sorted(made, key=lambda row: (-row.created.timestamp(), row.public_id))


def ids(answer: dict) -> list[str]:
    return [row["public_id"] for row in answer["results"]]


def hexes(rows: list) -> list[str]:
    return [row.public_id.hex for row in rows]


def walk_pages(client: Client, address: str, headers: dict[str, str], way: str = "next") -> list[list[str]]:
    pages = []
    while address:
        answer = client.get(address, headers=headers).json()
        pages.append(ids(answer))
        address = answer[way]
        assert len(pages) < 20
    return pages


def test_a_page_has_ten_rows_newest_first(api: Client, rows: list[Subscription]) -> None:
    answer = api.get("/api/subscriptions/").json()
    assert list(answer) == ["count", "next", "previous", "results"]
    assert (answer["count"], answer["next"], answer["previous"]) == (7, None, None)
    assert ids(answer) == hexes(rows)


@pytest.mark.parametrize("headers", [{}, V2])
def test_a_last_page_that_is_full_has_no_next(api: Client, rows: list[Subscription], headers: dict[str, str]) -> None:
    answer = api.get("/api/subscriptions/?page_size=7", headers=headers).json()
    assert (ids(answer), answer["next"]) == (hexes(rows), None)


def test_page_size_is_ten_unless_given_and_cut_at_a_hundred(api: Client, merchant: Merchant) -> None:
    CustomerFactory.create_batch(103, merchant=merchant)
    for given, size in ((None, 10), ("1", 1), ("5", 5), ("100", 100), ("101", 100), ("9" * 18, 100)):
        answer = api.get("/api/customers/", {"page_size": given} if given else {}).json()
        assert (len(answer["results"]), answer["count"]) == (size, 103), given
        answer = api.get("/api/customers/", {"page_size": given} if given else {}, headers=V2).json()
        assert len(answer["results"]) == size, given


@pytest.mark.parametrize("given", ["0", "-1", "x", "null", "1.5", "9" * 5000, "²", "٣"])
@pytest.mark.parametrize("headers", [{}, V2])
def test_a_bad_page_size_is_refused_under_its_name(api: Client, given: str, headers: dict[str, str]) -> None:
    response = api.get("/api/customers/", {"page_size": given}, headers=headers)
    expected = {"page_size": ["Give a whole number from 1 to 100."]}
    assert (response.status_code, response.json()) == (400, expected)


def test_a_cursor_link_works_without_the_version_header(api: Client, rows: list[Subscription]) -> None:
    first = api.get("/api/subscriptions/?page_size=3", headers=V2).json()
    second = api.get(first["next"]).json()
    assert ids(second) == hexes(rows[3:6])
    assert set(second) == {"next", "previous", "results"}
    assert ids(api.get(second["previous"]).json()) == hexes(rows[:3])


def test_an_empty_cursor_is_the_first_page_of_cursor_mode(api: Client, rows: list[Subscription]) -> None:
    answer = api.get("/api/subscriptions/?page_size=3&cursor=").json()
    assert (ids(answer), set(answer)) == (hexes(rows[:3]), {"next", "previous", "results"})


def test_links_are_absolute_and_keep_the_filters(api: Client, rows: list[Subscription], settings) -> None:
    settings.PUBLIC_URL = "https://portal.shop.test"
    query = "customer=a+b&live=true&live=false&page_size=2&created_start=2026-01-01T00%3A00%3A00"
    answer = api.get(f"/api/subscriptions?{query}&page=2").json()
    for way, page in (("next", "3"), ("previous", "1")):
        parts = urlsplit(answer[way])
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "portal.shop.test", "/api/subscriptions")
        assert parse_qs(parts.query) == parse_qs(query) | {"page": [page]}
    settings.PUBLIC_URL = ""
    assert api.get("/api/subscriptions/?page_size=2").json()["next"].startswith("http://testserver/api/subscriptions/")


@pytest.mark.parametrize("headers", [{}, V2])
@pytest.mark.parametrize("ordering", ["", "created", "-created", "updated", "-updated", "nonsense"])
def test_every_row_comes_once_in_order_forwards_and_backwards(
    api: Client, rows: list[Subscription], settings, headers: dict[str, str], ordering: str
) -> None:
    settings.PUBLIC_URL = ""
    start = f"/api/subscriptions/?page_size=2&ordering={ordering}"
    pages = walk_pages(api, start, headers)
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    column = "updated" if "updated" in ordering else "created"
    expected = sorted(rows, key=lambda row: (-getattr(row, column).timestamp(), row.public_id))
    if ordering in ("created", "updated"):
        expected.reverse()
    assert [row for page in pages for row in page] == hexes(expected)
    *_, last = [start, *_links(api, start, headers)]
    assert walk_pages(api, last, headers, "previous") == pages[::-1]


def _links(client: Client, address: str, headers: dict[str, str]) -> list[str]:
    found = []
    while address := client.get(address, headers=headers).json()["next"]:
        found.append(address)
    return found


def test_cursor_mode_has_no_count(api: Client, rows: list[Subscription]) -> None:
    answer = api.get("/api/subscriptions/?page_size=3", headers=V2).json()
    assert list(answer) == ["next", "previous", "results"]
    assert "cursor=" in answer["next"]
    assert answer["previous"] is None
    assert list(api.get("/api/subscriptions/", headers={"X-OG-API-VERSION": "1"}).json())[0] == "count"


def test_a_cursor_is_not_shifted_by_new_rows(api: Client, rows: list[Subscription], settings) -> None:
    settings.PUBLIC_URL = ""
    first = api.get("/api/subscriptions/?page_size=3", headers=V2).json()
    SubscriptionFactory(customer=rows[0].customer, created=NOON + timedelta(days=9))
    second = api.get(first["next"], headers=V2).json()
    assert ids(second) == hexes(rows)[3:6]


def test_customers_items_and_orders_go_by_cursor_too(api: Client, merchant: Merchant, settings) -> None:
    settings.PUBLIC_URL = ""
    for _ in range(5):
        subscription_with_order(customer__merchant=merchant)
    Customer.objects.update(created=NOON)
    for name, key in (("customers", "merchant_user_id"), ("orders", "public_id"), ("items", "public_id")):
        address, seen = f"/api/{name}/?page_size=2&ordering=updated", []
        while address:
            answer = api.get(address, headers=V2).json()
            seen += [row[key] for row in answer["results"]]
            address = answer["next"]
        assert len(seen) == len(set(seen)) == 5, name


def test_orders_can_be_sorted_by_place(api: Client, merchant: Merchant) -> None:
    planned = OrderFactory(customer__merchant=merchant, place_date=NOON.date())
    tried = OrderFactory(
        customer__merchant=merchant, place_date=NOON.date(), tried_at=NOON + timedelta(days=1), status=5
    )
    later = OrderFactory(customer__merchant=merchant, place_date=NOON.date() + timedelta(days=3))
    for headers in ({}, V2):
        assert ids(api.get("/api/orders/?ordering=place", headers=headers).json()) == hexes([planned, tried, later])
        assert ids(api.get("/api/orders/?ordering=-place", headers=headers).json()) == hexes([later, tried, planned])
    first = api.get("/api/orders/?ordering=place&page_size=2", headers=V2).json()["next"]
    assert ids(api.get("/api/orders/?" + urlsplit(first).query, headers=V2).json()) == hexes([later])


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 5000])
def test_a_missing_page_is_not_found(api: Client, rows: list[Subscription], page: str) -> None:
    response = api.get("/api/subscriptions/", {"page": page})
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize("cursor", ["x", "ä", "W10", "W3RydWVd", "WzEsMiwzXQ", "W2ZhbHNlLCJhIiwiYiJd", "WyI" * 99])
def test_a_cursor_that_means_nothing_is_not_found(api: Client, rows: list[Subscription], cursor: str) -> None:
    for name in ("subscriptions", "customers", "merchant/cancel_reason"):
        response = api.get(f"/api/{name}/", {"cursor": cursor}, headers=V2)
        assert (response.status_code, response.json()) == (404, {"detail": "Invalid cursor"})


def test_an_empty_list_is_a_page(api: Client) -> None:
    assert api.get("/api/items/").json() == {"count": 0, "next": None, "previous": None, "results": []}
    assert api.get("/api/items/", headers=V2).json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize(
    ("name", "queries"),
    # The key, the count, the rows; what subscriptions are shared with, and by whom.
    [("customers", 3), ("subscriptions", 4), ("orders", 3), ("items", 3)],
)
def test_a_hundred_rows_take_as_many_queries_as_ten(
    api: Client, merchant: Merchant, django_assert_num_queries, name: str, queries: int
) -> None:
    for _ in range(101):
        subscription_with_order(customer__merchant=merchant)
    for size in (10, 100):
        with django_assert_num_queries(queries):
            answer = api.get(f"/api/{name}/?page_size={size}&include_has_plan=true").json()
        assert len(answer["results"]) == size
        with django_assert_num_queries(queries - 1):
            api.get(f"/api/{name}/?page_size={size}", headers=V2)
