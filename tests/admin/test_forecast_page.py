"""The forecast: open orders, those that follow, and cancellations, as a recount of the rows gives them."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from random import Random
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils.html import strip_tags

from subscriptions import calendar
from subscriptions.actions import subscription as verbs
from subscriptions.errors import NotFound, Refused
from subscriptions.figures import forecast
from subscriptions.figures.forecast import DAYS, Coming, count_forecast, make_forecast, read_forecast
from subscriptions.figures.losses import Expected, Rate, make_outlook, read_rate
from subscriptions.models import Forecast, ForecastFigure, Item, Merchant, Order, Product, Role
from tests import factories as f
from tests.actions import random_actions as acts
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

PAGE, CSV = "/admin/forecast/", "/admin/forecast/csv/"
TODAY = date(2026, 11, 20)
Login = Callable[..., Client]


@pytest.fixture
def merchant(noon: time_machine.Traveller, db: None) -> Merchant:
    merchant: Merchant = f.MerchantFactory()
    return merchant


@pytest.fixture
def coffee(merchant: Merchant) -> Product:
    product: Product = f.ProductFactory(merchant=merchant, name="=Coffee", price=Decimal("10.00"))
    return product


@pytest.fixture
def shop(merchant: Merchant, coffee: Product) -> None:
    """One order of two subscriptions, every 30 and every 60 days, on the 25th, and what must not count."""
    customer, filters = f.CustomerFactory(merchant=merchant), f.ProductFactory(merchant=merchant, price=Decimal(4))
    payment, address = f.PaymentFactory(customer=customer), f.AddressFactory(customer=customer)
    same = {"customer": customer, "payment": payment, "shipping_address": address, "every_period": calendar.Period.DAYS}
    day = TODAY + timedelta(days=5)
    f.subscription_with_order(day, product=coffee, quantity=2, every=30, **same)
    f.subscription_with_order(day, product=filters, quantity=1, every=60, **same)
    f.subscription_with_order(TODAY + timedelta(days=91), customer=f.CustomerFactory(merchant=merchant))
    f.subscription_with_order(day, customer=f.CustomerFactory(merchant=merchant, is_test=True))
    f.subscription_with_order(day)


def recount(merchant: Merchant) -> list[Coming]:
    """Order by order and item by item."""
    today = calendar.today(merchant.time_zone)
    last = today + timedelta(days=DAYS)
    orders, sums = Counter[tuple[date, bool]](), Counter[tuple[date, int, bool, str]]()
    for order in Order.objects.open().filter(merchant=merchant, customer__is_test=False, place_date__lte=last):
        due, later = max(order.place_date, today), set[date]()
        orders[due, False] += 1
        for item in Item.objects.filter(order=order).select_related("subscription"):
            days = [(due, False)]
            if item.subscription is not None:
                day = order.place_date
                while (
                    day := calendar.add_frequency(day, item.subscription.every, item.subscription.every_period)
                ) <= last:
                    if day > due:
                        days.append((day, True))
                        later.add(day)
            for day, follows in days:
                sums[day, item.product_id, follows, "units"] += item.quantity
                sums[day, item.product_id, follows, "cents"] += int(100 * item.total_price)
        orders.update((day, True) for day in later)
    found = [Coming(day, None, follows, n, 0, Decimal(0)) for (day, follows), n in orders.items()]
    for (day, product, follows, name), units in sums.items():
        if name == "units":
            cents = sums[day, product, follows, "cents"]
            found.append(Coming(day, product, follows, 0, units, Decimal(cents) / 100))
    return sorted(found, key=lambda each: (each.day, each.product or 0, each.follows))


@pytest.mark.parametrize("seed", [1])
def test_the_forecast_is_what_a_recount_gives_through_random_acts(
    merchant: Merchant, noon: time_machine.Traveller, seed: int
) -> None:
    chance = Random(seed)
    worlds = [acts.create_world(3, customer=f.CustomerFactory(merchant=merchant, is_test=n == 0)) for n in range(3)]
    for step in range(40):
        noon.shift(timedelta(minutes=chance.randrange(3000)))
        try:
            with transaction.atomic():
                chance.choice(acts.ALL)(chance.choice(worlds), chance.randrange(100))
        except (Refused, NotFound):
            continue
        if step % 8 == 0:
            assert count_forecast(merchant, calendar.today(merchant.time_zone), DAYS) == recount(merchant)
    assert read_forecast(merchant) == recount(merchant) != []
    make_forecast(merchant)
    assert Forecast.objects.filter(merchant=merchant).exists()
    assert read_forecast(merchant) == recount(merchant)


def test_without_an_order_the_page_says_so(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    assert "No order is due in the next 90 days." in visible_text(client.get(PAGE))
    assert len(client.get(CSV).getvalue().splitlines()) == 1


def texts(answer: Any) -> dict[str, dict[str, list[str]]]:
    return {
        measure.title: {title: [strip_tags(text) for text in line] for title, line in measure.lines}
        for measure in answer.context["measures"]
    }


@pytest.mark.usefixtures("shop")
def test_orders_units_and_revenue_are_those_open_and_those_that_follow(merchant: Merchant, login: Login) -> None:
    answer = login(merchant).get(f"{PAGE}?days=90")
    # The coffee comes on the days 5, 35 and 65, the filters on 5 and 65, and one order of another customer on day 91.
    none = ["0", "0", "0"]
    assert texts(answer) == {
        "Orders": {
            "Open orders": ["1", "1", "1"],
            "Following orders": ["0", "1", "2"],
            "Expected cancellations": none,
            "Expected": ["1", "2", "3"],
        },
        "Units": {
            "Open orders": ["3", "3", "3"],
            "Following orders": ["0", "2", "5"],
            "Expected cancellations": none,
            "Expected": ["3", "5", "8"],
        },
        "Revenue": {
            "Open orders": ["USD 24.00", "USD 24.00", "USD 24.00"],
            "Following orders": ["USD 0.00", "USD 20.00", "USD 44.00"],
            "Expected cancellations": ["USD 0.00"] * 3,
            "Expected": ["USD 24.00", "USD 44.00", "USD 68.00"],
        },
    }
    assert [number for _, _, number, _ in answer.context["tiles"]] == ["3", "8", "USD 68.00"]
    assert "=Coffee 2 4 0 6 USD 60.00" in visible_text(answer)
    assert answer.context["chart"]["totals"] == [1, 2]


@pytest.mark.usefixtures("shop")
def test_cancellations_are_taken_off_at_the_rate_of_90_days(
    merchant: Merchant, noon: time_machine.Traveller, login: Login
) -> None:
    for days in (10, 95):
        subscription = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
        with time_machine.travel(datetime(2026, 11, 20, 17, tzinfo=UTC) - timedelta(days=days), tick=False):
            verbs.cancel(subscription, actor=f.STAFF)
    assert read_rate(merchant) == Rate(1, 4)
    coming = read_forecast(merchant)
    outlook = make_outlook(merchant, coming, Rate(1, 4), 90)
    kept = [0.75 ** (days / 90) for days in (5, 35, 65)]
    lost = sum((1 - share) * 20 for share in kept)
    revenue = outlook.revenue[min(outlook.revenue)]
    assert (revenue.scheduled, revenue.following) == (20, 40) and revenue.lost == round(Decimal(lost), 2)
    answer = login(merchant).get(f"{PAGE}?days=90")
    assert "1 of 4 subscriptions were cancelled" in visible_text(answer)
    assert texts(answer)["Orders"]["Expected cancellations"] == ["0", "− 0.1", "− 0.3"]
    assert texts(answer)["Orders"]["Expected"] == ["1", "1.9", "2.7"]
    assert texts(answer)["Revenue"]["Expected cancellations"][2].startswith("− USD ")


def test_half_a_cent_that_is_lost_counts_as_a_cent() -> None:
    lost = [Expected(lost=Decimal(amount)).rounded(Decimal("0.01")).lost for amount in ("0.125", "0.124")]
    assert lost == [Decimal("0.13"), Decimal("0.12")]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("cancelled", [0, 3])
def test_the_tables_the_file_home_and_the_list_of_orders_agree(
    merchant: Merchant, login: Login, cancelled: int
) -> None:
    for _ in range(cancelled):
        verbs.cancel(f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)), actor=f.STAFF)
    tomorrow = TODAY + timedelta(days=1)
    f.subscription_with_order(tomorrow, customer=f.CustomerFactory(merchant=merchant), every=1, every_period=2)
    late = f.subscription_with_order(TODAY, customer=f.CustomerFactory(merchant=merchant))
    Order.objects.filter(items__subscription=late).update(place_date=TODAY - timedelta(days=2))
    client = login(merchant)
    answer, home = client.get(f"{PAGE}?days=60"), client.get("/admin/")
    due = {title: strip_tags(str(number)) for _, title, number, _ in home.context["state_tiles"]}
    figures = {place.moment: place.figures for place in answer.context["chart"]["places"]}
    assert figures[tomorrow][0] == int(due["Orders due tomorrow"]) == 1 and figures[TODAY][0] == 1
    shown = client.get(f"/admin/subscriptions/order/?tab=upcoming&to={TODAY + timedelta(days=60)}&test=no")
    assert texts(answer)["Orders"]["Open orders"][1] == str(shown.context["cl"].queryset.count()) == "3"
    rows = list(csv.DictReader(StringIO(client.get(f"{CSV}?days=60").getvalue().decode("utf-8-sig"))))
    for measure, name in (("Units", "units"), ("Revenue", "revenue USD")):
        for title, lines in texts(answer)[measure].items():
            text = lines[1].replace("− ", "-").replace("USD ", "").replace(",", "")
            assert sum(Decimal(row[f"{name}, {title.lower()}"]) for row in rows) == Decimal(text), title
    assert {row["product"] for row in rows} >= {"'=Coffee"}


@pytest.mark.usefixtures("shop")
def test_figures_are_read_while_they_are_fresh_and_counted_when_they_are_old(
    merchant: Merchant, noon: time_machine.Traveller
) -> None:
    make_forecast(merchant)
    before = read_forecast(merchant)
    Item.objects.filter(order__merchant=merchant).update(quantity=7)
    noon.shift(timedelta(hours=2))
    assert read_forecast(merchant) == before
    noon.shift(timedelta(hours=2))
    assert sum(each.units for each in read_forecast(merchant)) == 7 * 5
    make_forecast(merchant)
    assert sum(each.units for each in read_forecast(merchant)) == 7 * 5
    # After midnight they still reach 90 days ahead.
    noon.shift(timedelta(hours=1))
    noon.move_to(datetime(2026, 11, 21, 5, 30, tzinfo=UTC))
    Forecast.objects.update(made=datetime(2026, 11, 21, 4, tzinfo=UTC))
    assert ForecastFigure.objects.filter(day=TODAY + timedelta(days=91)).exists()
    # What was due before midnight and was not placed is due today, as in the rows.
    assert read_forecast(merchant) == count_forecast(merchant, TODAY + timedelta(days=1), DAYS)


def test_one_failing_forecast_leaves_the_others_theirs_and_a_new_task_continues_after_the_turn(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    merchants: list[Merchant] = [merchant, *(f.MerchantFactory() for _ in range(2))]
    made, told = list[int](), list[tuple[object, ...]]()

    def make(each: Merchant) -> None:
        made.append(each.pk)
        if each == merchant:
            raise ValueError

    monkeypatch.setattr(forecast, "make_forecast", make)
    forecast.make_forecasts()
    assert made == [each.pk for each in merchants]
    assert f"the forecast of merchant {merchant.pk} failed" in caplog.text
    monkeypatch.setattr(forecast.Turn, "is_over", True)
    monkeypatch.setattr(forecast, "notify_worker", lambda *words: told.append(words))
    made.clear()
    forecast.make_forecasts(after=merchants[0].pk)
    assert made == [merchants[1].pk]
    assert told == [(forecast.TASK, merchants[1].pk)]


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_read_the_page_and_nothing_changes(role: str, merchant: Merchant, login: Login) -> None:
    client = login(merchant, role)
    before = read_all_rows()
    for address in (PAGE, CSV, f"{PAGE}?days=31"):
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == 405
        assert Client().get(address).status_code == 302
    assert read_all_rows() == before
