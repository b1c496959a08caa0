from datetime import UTC, date, datetime

import pytest
from django.test import Client

from subscriptions.models import Merchant, Order, Subscription
from tests.factories import ItemFactory, OrderFactory, SubscriptionFactory, subscription_with_order


def find_ids(client: Client, name: str, query: str) -> list[str]:
    response = client.get(f"/api/{name}/?{query}")
    assert response.status_code == 200, response.content
    return [row.get("public_id") or row["merchant_user_id"] for row in response.json()["results"]]


# In New York: the last second of March 7th, the 8th at 01:59:59 and, an hour being skipped, at 03:00:00.
BEFORE = datetime(2026, 3, 8, 4, 59, 59, 500_000, tzinfo=UTC)
EARLY = datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)
SPRING = datetime(2026, 3, 8, 7, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("created=2026-03-07", "a"),
        ("created=2026-03-08", "cb"),
        ("created=2026-03-07T23:59:59", "a"),
        ("created=2026-03-08T01:59:59", "b"),
        ("created=2026-03-08%2001:59:59", "b"),
        ("created=2026-03-08T02:00:00", "c"),
        ("created_start=2026-03-08", "cb"),
        ("created_start=2026-03-08T03:00:00", "c"),
        ("created_end=2026-03-07", "a"),
        ("created_end=2026-03-08", "cba"),
        ("created_end=2026-03-07T23:59:59", "a"),
        ("created_end=2026-03-07T23:59:58", ""),
        ("created_start=2026-03-08&created_end=2026-03-08T01:59:59", "b"),
        ("created_start=&created_end=", "cba"),
        # With a zone of its own, a time does not depend on the merchant's; a blank is a plus sign that was decoded.
        ("created=2026-03-08T06:59:59Z", "b"),
        ("created=2026-03-08T08:59:59%2B02:00", "b"),
        ("created=2026-03-08T08:59:59+02:00", "b"),
        ("created=2026-03-08T08:59:59%2B0200", "b"),
        ("created_start=2026-03-08T06:59:59Z", "cb"),
        ("created_start=2026-03-08T07:00:00Z", "c"),
        ("created_start=2026-03-08T07:00:01Z", ""),
        ("created_end=2026-03-08T06:59:59Z", "ba"),
        ("created_end=2026-03-08T06:59:58Z", "a"),
        # Fractions do not count, because answers give times to the second.
        ("created=2026-03-08T06:59:59.999Z", "b"),
        ("created_end=2026-03-08T01:59:59.000", "ba"),
    ],
)
def test_ranges_count_in_the_merchants_days_and_seconds(
    api: Client, merchant: Merchant, query: str, expected: str
) -> None:
    rows = {
        SubscriptionFactory(customer__merchant=merchant, created=at).public_id.hex: name
        for name, at in zip("abc", (BEFORE, EARLY, SPRING), strict=True)
    }
    assert "".join(rows[row] for row in find_ids(api, "subscriptions", query)) == expected


def test_a_day_without_midnight_ends_where_the_next_begins(api: Client, merchant: Merchant) -> None:
    # Santiago goes from 23:59:59 on September 5 to 01:00 on September 6.
    Merchant.objects.update(time_zone="America/Santiago")
    first, _after = (
        SubscriptionFactory(customer__merchant=merchant, created=datetime(2026, 9, day, hour, tzinfo=UTC))
        for day, hour in ((6, 4), (7, 3))
    )
    assert find_ids(api, "subscriptions", "created=2026-09-06") == [first.public_id.hex]


def test_a_repeated_hour_means_the_first(api: Client, merchant: Merchant) -> None:
    first = SubscriptionFactory(
        customer__merchant=merchant, updated=datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    ).public_id.hex
    SubscriptionFactory(customer__merchant=merchant, updated=datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
    assert find_ids(api, "subscriptions", "updated=2026-11-01T01:30:00") == [first]


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        *[("customers", name) for name in ("created", "created_start", "created_end", "updated_start")],
        *[("subscriptions", name) for name in ("created", "updated_start", "updated_end")],
        *[("orders", name) for name in ("place", "place_start", "place_end", "created", "updated_end")],
        *[("items", name) for name in ("place", "place_start", "order_updated_start", "order_updated_end")],
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "x",
        "2026-02-30",
        "20260101",
        "2026-01-01T25:00:00",
        "9999-12-31",
        "0001-01-01",
        "2026-01-01Z",
        "2026-01-01T12:00:00+25:00",
        "2026-01-01T12:00:00 EST",
        "2026-W01-1T12:00:00",
    ],
)
def test_a_bad_date_is_refused_under_its_name(api: Client, name: str, parameter: str, value: str) -> None:
    response = api.get(f"/api/{name}/", {parameter: value})
    sentence = "Give a date as YYYY-MM-DD, or a time as YYYY-MM-DDThh:mm:ss with or without a zone such as Z."
    assert (response.status_code, response.json()) == (400, {parameter: [sentence]})


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("customers/", "live"),
        ("subscriptions/", "live"),
        ("items/", "one_time"),
        ("items/", "omit_price_calculation"),
        ("orders/", "include_has_plan"),
        ("orders/", "status"),
        ("items/", "status"),
    ],
)
def test_a_bad_boolean_or_status_is_refused_under_its_name(
    api: Client, merchant: Merchant, address: str, parameter: str
) -> None:
    subscription_with_order(customer__merchant=merchant)
    response = api.get(f"/api/{address}", {parameter: "maybe"})
    assert response.status_code == 400
    assert list(response.json()) == [parameter]
    assert isinstance(response.json()[parameter][0], str)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("customers", "email"),
        ("subscriptions", "customer"),
        ("subscriptions", "product"),
        ("subscriptions", "shipping_address"),
        ("orders", "subscription"),
        ("orders", "customer"),
        ("items", "order"),
        ("items", "offer"),
        ("items", "subscription"),
        ("items", "product"),
    ],
)
def test_an_unknown_id_finds_nothing(api: Client, merchant: Merchant, name: str, parameter: str) -> None:
    subscription_with_order(customer__merchant=merchant)
    assert len(find_ids(api, name, "")) == 1
    for value in ("0" * 32, "unknown", "019A" * 8):
        assert find_ids(api, name, f"{parameter}={value}") == []


def test_unknown_parameters_are_ignored(api: Client, merchant: Merchant) -> None:
    SubscriptionFactory(customer__merchant=merchant)
    assert len(find_ids(api, "subscriptions", "colour=red&sort=up")) == 1


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("True", "False"), ("1", "0")])
def test_subscriptions_by_live(api: Client, merchant: Merchant, yes: str, no: str) -> None:
    live = SubscriptionFactory(customer__merchant=merchant)
    ended = SubscriptionFactory(customer__merchant=merchant, cancelled=EARLY)
    assert find_ids(api, "subscriptions", f"live={yes}") == [live.public_id.hex]
    assert find_ids(api, "subscriptions", f"live={no}") == [ended.public_id.hex]
    assert len(find_ids(api, "subscriptions", f"live={no}&live={yes}")) == 2
    assert find_ids(api, "customers", f"live={yes}") == [live.customer.merchant_user_id]
    assert find_ids(api, "customers", f"live={no}") == [ended.customer.merchant_user_id]


def test_subscriptions_by_product_and_address(api: Client, merchant: Merchant) -> None:
    one, _ = SubscriptionFactory.create_batch(2, customer__merchant=merchant)
    assert find_ids(api, "subscriptions", f"product={one.product.external_product_id}") == [one.public_id.hex]
    address = one.shipping_address.public_id.hex
    assert find_ids(api, "subscriptions", f"shipping_address={address}") == [one.public_id.hex]


def test_orders_by_status_which_may_be_repeated(api: Client, merchant: Merchant) -> None:
    rows = {status: OrderFactory(customer__merchant=merchant, status=status).public_id.hex for status in (1, 3, 5)}
    assert find_ids(api, "orders", "status=3") == [rows[3]]
    assert set(find_ids(api, "orders", "status=3&status=5")) == {rows[3], rows[5]}
    assert find_ids(api, "orders", "status=2") == []


def test_the_next_order_of_a_subscription_is_found_by_its_upcoming_item(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(date(2026, 12, 24), customer__merchant=merchant)
    (past,) = [ItemFactory(order=OrderFactory(customer=row.customer, status=5), subscription=row, upcoming=False)]
    (item,) = api.get(f"/api/items/?subscription={row.public_id.hex}&status=1").json()["results"]
    assert item["public_id"] != past.public_id.hex
    assert api.get(f"/api/orders/{item['order']}/").json()["place"] == "2026-12-24 00:00:00"
    assert set(find_ids(api, "orders", f"subscription={row.public_id.hex}")) == {
        item["order"],
        past.order.public_id.hex,
    }


def test_place_is_the_planned_day_until_the_first_attempt_and_then_the_real_time(
    api: Client, merchant: Merchant
) -> None:
    planned = subscription_with_order(date(2026, 3, 8), customer__merchant=merchant).items.get()
    tried = subscription_with_order(date(2026, 3, 1), customer__merchant=merchant).items.get()
    Order.objects.filter(pk=tried.order.pk).update(tried_at=EARLY, status=5)
    for name, rows in (("orders", [tried.order, planned.order]), ("items", [tried, planned])):
        both = {row.public_id.hex for row in rows}
        assert set(find_ids(api, name, "place=2026-03-08")) == both
        assert set(find_ids(api, name, "place_start=2026-03-08&place_end=2026-03-08")) == both
        assert find_ids(api, name, "place_start=2026-03-08T01:00:00") == [rows[0].public_id.hex]
        assert find_ids(api, name, "place_end=2026-03-08T00:00:00") == [rows[1].public_id.hex]
        assert find_ids(api, name, "place_end=2026-03-07") == []


def test_items_by_kind_and_by_the_change_of_their_order(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    subscribed = row.items.get()
    once = ItemFactory(
        order=subscribed.order, subscription=None, product=row.product, quantity=1, one_time=True
    ).public_id.hex
    Order.objects.update(updated=EARLY)
    assert find_ids(api, "items", "one_time=true") == [once]
    assert find_ids(api, "items", "one_time=0") == [subscribed.public_id.hex]
    assert len(find_ids(api, "items", "order_updated_start=2026-03-08&order_updated_end=2026-03-08")) == 2
    assert find_ids(api, "items", "order_updated_start=2026-03-09") == []
    assert Subscription.objects.count() == 1
