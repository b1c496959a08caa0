from datetime import date, timedelta

import pytest

from subscriptions.actions import order as order_verbs
from subscriptions.actions import upcoming_order
from subscriptions.errors import Refused
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import Event, Merchant, Order, OrderStatus, Payment
from tests import factories as f
from tests.jobs.situations import DAY, create_order, run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
WARNING = "ordergroove.order.credit_card_expiration_warning"


@pytest.fixture
def ending(noon: object) -> Order:
    """An upcoming order whose card ends the day before."""
    made = create_order(DAY + timedelta(days=20))
    Payment.objects.update(expires_on=DAY + timedelta(days=19))
    return made


def announced_cards() -> list[tuple[str, int]]:
    return list(Event.objects.values_list("kind", "order"))


def test_a_card_that_expires_before_its_order_is_announced_once_per_check(ending: Order) -> None:
    assert [run_job("cards", ending.merchant) for _ in range(2)] == [1, 0]
    assert announced_cards() == [(WARNING, ending.pk)]
    assert run_job("cards", ending.merchant, DAY + timedelta(days=14)) == 1
    assert announced_cards() == [(WARNING, ending.pk)] * 2


def test_a_merchant_may_want_one_warning_per_card_and_order(ending: Order) -> None:
    Merchant.objects.update(warn_once_per_card=True)
    checks = [DAY + timedelta(days=days) for days in (0, 14, 15)]
    assert [run_job("cards", ending.merchant, day) for day in checks[:2]] == [1, 0]
    with pytest.raises(Refused, match="already been warned of this card for this order"):
        upcoming_order.warn_of_card(ending, day=checks[1], actor=f.STAFF)
    other = f.PaymentFactory(customer=ending.customer, expires_on=DAY)
    order_verbs.change_payment(ending, payment=other, actor=f.STAFF)
    assert [run_job("cards", ending.merchant, day) for day in checks[1:]] == [1, 0]
    create_order(DAY + timedelta(days=25), customer=ending.customer, payment=other)
    assert run_job("cards", ending.merchant, checks[2]) == 1
    assert Event.objects.filter(kind=WARNING).count() == 3


def test_the_setting_counts_the_warnings_sent_before_it(ending: Order) -> None:
    assert run_job("cards", ending.merchant) == 1
    Merchant.objects.update(warn_once_per_card=True)
    assert run_job("cards", ending.merchant, DAY + timedelta(days=14)) == 0


@pytest.mark.parametrize(("place", "warned"), [(0, 1), (-1, 0)])
def test_an_order_of_the_days_own_date_is_still_upcoming(ending: Order, place: int, warned: int) -> None:
    Payment.objects.update(expires_on=DAY - timedelta(days=2))
    Order.objects.update(place_date=DAY + timedelta(days=place))
    assert run_job("cards", ending.merchant) == warned


@pytest.mark.parametrize("expires_on", [None, DAY + timedelta(days=20), date(2099, 12, 31)])
def test_a_card_without_expiry_or_with_a_later_one_is_not_announced(ending: Order, expires_on: date | None) -> None:
    Payment.objects.update(expires_on=expires_on)
    assert run_job("cards", ending.merchant) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"status": OrderStatus.CREDIT_CARD_RETRY},
        {"oos_free_shipping": True},
        {"locked": True},
        {"place_date": DAY - timedelta(days=1)},
    ],
)
def test_only_upcoming_orders_count(ending: Order, change: dict[str, object]) -> None:
    Payment.objects.update(expires_on=DAY - timedelta(days=30))
    Order.objects.update(**change)
    assert run_job("cards", ending.merchant) == 0


def test_a_merchant_whose_platform_renews_cards_is_not_checked(ending: Order) -> None:
    Merchant.objects.update(card_recycling=True)
    merchant = Merchant.objects.get()
    assert JOBS["cards"].moment(merchant, date(2026, 12, 1)) is None
    assert run_job("cards", merchant) == 0


def test_other_merchants_cards_are_not_checked(ending: Order) -> None:
    other = create_order(DAY + timedelta(days=20))
    assert run_job("cards", other.merchant) == 0
    assert announced_cards() == []


def test_cards_are_checked_on_the_first_and_the_fifteenth(ending: Order) -> None:
    year = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    days = [day for day in year if JOBS["cards"].moment(ending.merchant, day)]
    assert days == [date(2027, month, day) for month in range(1, 13) for day in (1, 15)]
