"""The scripted day's parts fit each other."""

import pytest

from benchmarks import seed
from benchmarks.day import merchant as seeded
from benchmarks.day.merchant import Day
from benchmarks.day.report import find_what_gave, percentiles
from benchmarks.day.traffic import Kind
from benchmarks.day.visits import make_visits
from subscriptions import calendar
from subscriptions.models import Merchant, Order

DAY = Day(10)
SUBSCRIBERS = 100


@pytest.fixture
def merchant(db: None, monkeypatch: pytest.MonkeyPatch) -> Merchant:
    monkeypatch.setattr(seed, "settle_database", lambda: None)
    return seeded.create_merchant(SUBSCRIBERS, "http://127.0.0.1:1/orders", "http://127.0.0.1:2")


@pytest.mark.parametrize("name", DAY.requests)
def test_each_kind_comes_as_often_as_the_day_says_within_its_hours(name: str) -> None:
    number, hours = DAY.requests[name]
    due = list(Kind(name, number, hours, iter([])).due_times(2.0))
    assert (len(due), due) == (number, sorted(due))
    assert {hours[int(moment / 2)] for moment in due}.isdisjoint("0")


def test_ten_times_the_size_has_ten_times_the_requests() -> None:
    small, big = Day(3).requests, Day(30).requests
    assert {name: number for name, (number, _) in big.items()} == {
        name: 10 * number for name, (number, _) in small.items()
    }


def test_the_merchant_has_requests_of_each_kind_and_orders_for_each_run(merchant: Merchant) -> None:
    seeded.plan_orders(merchant, 20)
    visits = make_visits(merchant, SUBSCRIBERS)
    assert set(visits) == set(DAY.requests)
    assert all(next(requests).endswith((b"\r\n\r\n", b"}")) for requests in visits.values())
    today = calendar.today(merchant.time_zone)
    ahead = [(order.place_date - today).days for order in Order.objects.order_by("place_date")]
    assert (ahead[:40], len(ahead)) == ([0] * 20 + [merchant.reminder_days] * 20, SUBSCRIBERS * 24 // 25)
    assert ahead[40] > merchant.reminder_days


def test_what_is_slow_wrong_or_late_gave_way() -> None:
    rows = [
        ("click", 5, [10.0, 20.0, 999.0], {}),
        ("API read", 5, [10.0, 20.0, 1001.0], {}),
        ("staff page", 5, [1.0, 1.0, 1.0], {"status 503": 2}),
    ]
    slow_delivery = ("event", 5, [1.0, 1.0, 2000.0], {})
    assert find_what_gave(rows[:1], [slow_delivery], 60) == []
    assert find_what_gave(rows, [("event", 5, [1.0, 1.0, 1.0], {"failed": 1})], 61) == [
        "API read: p99 1,001 ms",
        "staff page: status 503: 2",
        "event: failed: 1",
        "deliveries arrived 61 s late",
    ]


def test_percentiles_are_of_what_was_seen() -> None:
    assert percentiles([each / 1000 for each in range(100)]) == [50, 95, 99]
    assert percentiles([]) == [0, 0, 0]
