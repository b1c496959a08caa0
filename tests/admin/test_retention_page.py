"""The page of retention: cohorts by month of the start, their lines, rows and CSV, of all products or one."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions.models import Customer, Merchant, Product, Role, Subscription
from tests import factories as f
from tests.admin.pages import visible_text
from tests.figures.folding import fold
from tests.rows import read_all_rows

PAGE, CSV = "/admin/retention/", "/admin/retention/csv/"
Login = Callable[..., Client]


@pytest.fixture
def merchant(noon: time_machine.Traveller, db: None) -> Merchant:
    merchant: Merchant = f.MerchantFactory(time_zone="America/New_York")
    return merchant


@pytest.fixture
def products(merchant: Merchant) -> list[Product]:
    return [f.ProductFactory(merchant=merchant, name=name) for name in ("House blend", "Decaf")]


def begin(customer: Customer, product: Product, *times: datetime | None) -> None:
    """A subscription that began and ended at these times."""
    created, cancelled = times
    f.SubscriptionFactory(customer=customer, product=product, created=created, cancelled=cancelled)


@pytest.fixture
def history(merchant: Merchant, products: list[Product]) -> None:
    house, decaf = products
    customer = f.CustomerFactory(merchant=merchant)
    begin(customer, house, datetime(2026, 8, 5, tzinfo=UTC), None)
    begin(customer, house, datetime(2026, 8, 5, tzinfo=UTC), datetime(2026, 8, 20, tzinfo=UTC))
    # In New York, September has not begun when the first begins, and is not over when the second ends.
    begin(customer, decaf, datetime(2026, 9, 1, 3, tzinfo=UTC), None)
    begin(customer, decaf, datetime(2026, 8, 31, tzinfo=UTC), datetime(2026, 10, 1, 3, tzinfo=UTC))
    begin(customer, house, datetime(2026, 11, 1, 12, tzinfo=UTC), None)
    begin(customer, house, datetime(2025, 11, 1, tzinfo=UTC), None)  # before the 12 months
    begin(f.CustomerFactory(merchant=merchant, is_test=True), house, datetime(2026, 8, 5, tzinfo=UTC), None)
    other = f.MerchantFactory()
    begin(
        f.CustomerFactory(merchant=other),
        f.ProductFactory(merchant=other, name="Secret blend"),
        datetime(2026, 8, 5, tzinfo=UTC),
        None,
    )


def cohorts(answer: Any) -> dict[date, tuple[int, int, list[int]]]:
    """Size, live and the live after each month until now, of cohorts with a subscription."""
    return {
        line.started: (line.size, line.live, [cell.live for cell in line.cells if cell.percent is not None])
        for line in answer.context["lines"]
        if line.size
    }


def test_without_a_subscription_the_page_says_so(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    assert "No subscription began in these months." in visible_text(client.get(PAGE))
    assert len(client.get(CSV).getvalue().splitlines()) == 1


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("folded", [False, True])
def test_each_cohort_shows_how_many_were_live_after_each_month(merchant: Merchant, login: Login, folded: bool) -> None:
    if folded:
        fold(merchant)
    answer = login(merchant).get(PAGE)
    assert cohorts(answer) == {date(2026, 11, 1): (1, 1, [1]), date(2026, 8, 1): (4, 2, [3, 2, 2, 2])}
    assert [number for _, _, number, _ in answer.context["tiles"]] == ["5", "3"]
    assert answer.context["averages"][:5] == [80, 50, 50, 50, None]
    ((_, points),) = answer.context["chart"]["lines"]
    assert [point.y for point in points] == [20, 50, 50, 50]
    text = visible_text(answer)
    assert "Aug 2026 4 2 75% 50% 50% 50%" in text and "Nov 2026 1 1 100%" in text
    assert "House blend 3 2 66.7%" in text and "Decaf 2 1 50.0%" in text


@pytest.mark.usefixtures("history")
def test_the_numbers_lead_to_their_subscriptions_and_a_month_to_its_line(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    for line in client.get(PAGE).context["lines"]:
        assert client.get(line.rows_url).context["cl"].queryset.count() == line.size
        assert client.get(line.live_url).context["cl"].queryset.count() == line.live
    chosen = client.get(f"{PAGE}?cohort=2026-08")
    assert [title for title, _ in chosen.context["chart"]["lines"]] == ["All of these months", "August 2026"]
    assert [point.y for point in chosen.context["chart"]["lines"][1][1]] == [25, 50, 50, 50]
    assert "Month: August 2026" in visible_text(chosen)


@pytest.mark.usefixtures("history")
def test_the_page_and_the_file_can_be_of_one_product(merchant: Merchant, products: list[Product], login: Login) -> None:
    client, query = login(merchant), f"?product={products[1].pk}&months=6"
    answer = client.get(PAGE + query)
    assert cohorts(answer) == {date(2026, 8, 1): (2, 1, [2, 1, 1, 1])}
    (line,) = [each for each in answer.context["lines"] if each.size]
    assert client.get(line.rows_url).context["cl"].queryset.count() == 2
    rows = list(csv.reader(StringIO(client.get(CSV + query).getvalue().decode("utf-8-sig"))))
    assert rows[0] == ["started in", "month", "months later", "subscriptions", "still active", "per cent"]
    assert rows[1:3] == [["2026-08", "2026-08", "0", "2", "2", "100.0"], ["2026-08", "2026-09", "1", "2", "1", "50.0"]]
    assert len(rows) == 5


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("query", ["?product=987654321", "?months=7", "?cohort=2026-99", "?product=x&cohort=y"])
def test_an_impossible_choice_shows_the_cohorts_of_12_months(merchant: Merchant, login: Login, query: str) -> None:
    assert [line.size for line in login(merchant).get(PAGE + query).context["lines"]] == [1, 0, 0, 4, *[0] * 8]


@pytest.mark.usefixtures("history")
def test_another_merchants_product_cannot_be_chosen(merchant: Merchant, login: Login) -> None:
    theirs = Subscription.objects.exclude(merchant=merchant).get().product
    answer = login(merchant).get(f"{PAGE}?product={theirs.pk}")
    assert answer.context["product"] is None and "Secret blend" not in visible_text(answer)


@pytest.mark.usefixtures("history")
def test_a_change_of_the_time_zone_moves_the_months_at_once_and_after_the_fold(
    merchant: Merchant, login: Login
) -> None:
    fold(merchant)
    Merchant.objects.filter(pk=merchant.pk).update(time_zone="UTC")
    client = login(merchant)
    expected = {
        date(2026, 11, 1): (1, 1, [1]),
        date(2026, 9, 1): (1, 1, [1, 1, 1]),
        date(2026, 8, 1): (3, 1, [2, 2, 1, 1]),
    }
    assert cohorts(client.get(PAGE)) == expected
    fold(merchant)
    assert cohorts(client.get(PAGE)) == expected


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_read_the_page_and_nothing_changes(role: str, merchant: Merchant, login: Login) -> None:
    client = login(merchant, role)
    before = read_all_rows()
    for address in (PAGE, CSV):
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == 405
        assert Client().get(address).status_code == 302
    assert read_all_rows() == before
