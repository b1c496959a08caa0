"""The page of cancellations: by reason, product and day, as Home counts them, with their rows and as CSV."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils.html import strip_tags

from subscriptions.actions import subscription as verbs
from subscriptions.models import CancelReason, Event, Merchant, OrderStatus, Product, Role
from tests import factories as f
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

PAGE, CSV = "/admin/cancellations/", "/admin/cancellations/csv/"
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
Login = Callable[..., Client]


@pytest.fixture
def merchant(noon: time_machine.Traveller, db: None) -> Merchant:
    merchant: Merchant = f.MerchantFactory()
    CancelReason.objects.get_or_create(
        merchant=merchant, application="msi", code=4, defaults={"label": "I have too much"}
    )
    return merchant


@pytest.fixture
def coffee(merchant: Merchant) -> Product:
    product: Product = f.ProductFactory(merchant=merchant, name="=House & blend", external_product_id="P&1")
    return product


def cancel(merchant: Merchant, reason: str, days: int = 0, placed: int = 0, **fields: Any) -> None:
    """A subscription that is cancelled so many days ago; `placed` is what its last order brought."""
    customer = fields.pop("customer", None) or f.CustomerFactory(merchant=merchant)
    subscription = f.subscription_with_order(customer=customer, **fields)
    if placed:
        order = f.OrderFactory(customer=customer, status=OrderStatus.SUCCESS)
        before = NOON - timedelta(days=days + 1)
        f.ItemFactory(order=order, subscription=subscription, upcoming=False, first_placed=before, total_price=placed)
    with time_machine.travel(NOON - timedelta(days=days), tick=False):
        verbs.cancel(subscription, actor=f.STAFF, reason=reason)


@pytest.fixture
def history(merchant: Merchant, coffee: Product) -> None:
    cancel(merchant, "4|too much", product=coffee, placed=12)
    cancel(merchant, "4|too much", days=1, product=coffee, placed=30)
    cancel(merchant, "77|gone", days=1, placed=5)
    cancel(merchant, "just so", days=3)
    cancel(merchant, "4|too much", days=40, product=coffee)
    cancel(merchant, "4|too much", product=coffee, customer=f.CustomerFactory(merchant=merchant, is_test=True))
    cancel(f.MerchantFactory(), "4|too much")


def tiles(answer: Any) -> dict[str, str]:
    return {title: strip_tags(str(number)) for _, title, number, _ in answer.context["tiles"]}


def lines(answer: Any) -> list[list[tuple[str, int, Decimal]]]:
    return [[(line.name, line.n, line.amount) for line in shown] for _, _, shown, _ in answer.context["tables"]]


def read_csv(client: Client, query: str = "") -> list[list[str]]:
    return list(csv.reader(StringIO(client.get(CSV + query).getvalue().decode("utf-8-sig"))))


def test_without_a_cancellation_the_page_says_so_and_the_file_has_its_head(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    assert "No subscription was cancelled in these days." in visible_text(client.get(PAGE))
    assert read_csv(client) == [
        ["day", "reason code", "reason", "product ID", "product", "cancelled", "lost USD"],
    ]


@pytest.mark.usefixtures("history")
def test_each_cancellation_counts_once_by_reason_by_product_and_on_its_day(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    answer, home = client.get(PAGE), client.get("/admin/")
    by_reason, by_product = lines(answer)
    assert by_reason == [
        ("I have too much", 2, Decimal(42)),
        ("No reason from the list", 1, Decimal(0)),
        ("Code 77", 1, Decimal(5)),
    ]
    assert by_product[0] == ("=House & blend", 2, Decimal(42)) and sum(n for _, n, _ in by_product) == 4
    chart = answer.context["chart"]
    assert chart["headings"] == ["Cancelled", "I have too much", "No reason from the list", "Code 77"]
    assert chart["totals"] == [4, 2, 1, 1]
    assert [each.figures for each in chart["places"][-2:]] == [[2, 1, 0, 1], [1, 1, 0, 0]]
    ours, theirs = tiles(answer), {name: strip_tags(str(n)) for _, name, n, _ in home.context["period_tiles"]}
    shared = ["Cancelled", "Lost revenue", "Reactivated", "New subscriptions"]
    assert [ours[name] for name in shared] == [theirs[name] for name in shared] == ["4", "USD 47.00", "0", "0"]
    assert [(each["label"], each["n"]) for each in home.context["reasons"]] == [(name, n) for name, n, _ in by_reason]
    assert b"/admin/cancellations/?period=30" in home.content


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("query", "cancelled", "shown"),
    [
        ("?reason=4", 2, ["Reason: I have too much"]),
        ("?reason=none", 1, ["Reason: No reason from the list"]),
        ("?product=P%261", 2, ["Product: =House & blend"]),
        ("?reason=77&product=P%261", 0, ["Reason: Code 77", "Product: =House & blend"]),
        ("?period=90&reason=4", 3, []),
        ("?period=own&first=2026-11-19&last=2026-11-19", 2, []),
        ("?product=nothing", 0, ["Product: nothing"]),
    ],
)
def test_the_page_and_the_file_can_be_narrowed_and_the_numbers_lead_to_these_events(
    merchant: Merchant, login: Login, query: str, cancelled: int, shown: list[str]
) -> None:
    client = login(merchant)
    answer = client.get(PAGE + query)
    text = visible_text(answer)
    assert all(each in text for each in shown)
    assert sum(int(row[5]) for row in read_csv(client, query)[1:]) == cancelled
    if not cancelled:
        assert "No subscription was cancelled in these days." in text
        return
    assert tiles(answer)["Cancelled"] == str(cancelled)
    for _, _, table, _ in answer.context["tables"]:
        assert sum(line.n for line in table) == cancelled
        for line in table:
            assert client.get(line.rows_url).context["cl"].queryset.count() == line.n
            assert tiles(client.get(line.url))["Cancelled"] == str(line.n)


@pytest.mark.usefixtures("history")
def test_a_list_of_events_that_is_not_about_cancellations_is_narrowed_to_them(merchant: Merchant, login: Login) -> None:
    found = login(merchant).get("/admin/subscriptions/event/?reason=4&product=P%261").context["cl"].queryset
    assert found.count() == 4 and set(found.values_list("kind", flat=True)) == {"ordergroove.subscription.cancel"}


def test_the_product_is_the_one_that_was_cancelled_and_keeps_its_id_when_it_is_gone(
    merchant: Merchant, coffee: Product, login: Login
) -> None:
    cancel(merchant, "", product=coffee)
    event = Event.objects.get(merchant=merchant, kind="ordergroove.subscription.cancel")
    assert event.subscription is not None
    verbs.reactivate(event.subscription, actor=f.STAFF)
    verbs.change_product(event.subscription, actor=f.STAFF, product=f.ProductFactory(merchant=merchant))
    client = login(merchant)
    assert lines(client.get(PAGE))[1] == [("=House & blend", 1, Decimal(0))]
    Product.objects.filter(pk=coffee.pk).update(external_product_id="another")
    assert lines(client.get(PAGE))[1] == [("P&1", 1, Decimal(0))]


@pytest.mark.usefixtures("history")
def test_the_file_has_a_line_for_each_day_reason_and_product_and_no_formula(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    assert client.get(CSV)["Content-Disposition"] == 'attachment; filename="cancellations-2026-10-22-2026-11-20.csv"'
    _, first, *_, last = read_csv(client)
    assert first[:3] == ["2026-11-17", "", "No reason from the list"] and first[5:] == ["1", "0"]
    assert last == ["2026-11-20", "4", "I have too much", "P&1", "'=House & blend", "1", "12.00"]


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_read_the_page_and_nothing_changes(role: str, merchant: Merchant, login: Login) -> None:
    client = login(merchant, role)
    before = read_all_rows()
    for address in (PAGE, CSV):
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == 405
        assert Client().get(address).status_code == 302
    assert read_all_rows() == before
    assert b'href="/admin/cancellations/"' in client.get("/admin/").content
