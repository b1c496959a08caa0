"""The clock of test customers does what automation would have done, and sends nothing out."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from integrations.models import Delivery
from integrations.sandbox import private_keys
from subscriptions.actions import order as verbs
from subscriptions.errors import Refused
from subscriptions.jobs import clock
from subscriptions.models import (
    Customer,
    Event,
    GatewaySettings,
    JobRun,
    Merchant,
    Order,
    OrderStatus,
    SimulatedOutcome,
    SimulatedPlacement,
    Subscription,
)
from tests import factories as f
from tests.jobs.situations import create_order
from tests.placement.platform import running_platform

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
DUE = date(2026, 12, 4)
S = OrderStatus


@pytest.fixture
def tester(noon: Any) -> Customer:
    """A test customer of a live merchant, with an order every two weeks from December 4 on."""
    merchant = f.MerchantFactory(is_test=False, storefront_key="0123456789abcdef0123456789abcdef")
    return create_order(DUE, customer=f.CustomerFactory(merchant=merchant, is_test=True)).customer


def advance_clock(customer: Customer, **ahead: float) -> None:
    customer.refresh_from_db()
    to = (customer.clock or NOON) + timedelta(**ahead)
    clock.advance_clocks(customer.merchant, [customer], to, actor=f.STAFF)


def emitted_events() -> list[tuple[str, str]]:
    """The emitted events with their times, in New York's winter time."""
    rows = Event.objects.order_by("pk").values_list("kind", "at")
    return [(kind.rpartition(".")[2], f"{at - timedelta(hours=5):%m-%d %H:%M}") for kind, at in rows]


def test_reminders_and_placement_happen_at_their_hours(tester: Customer) -> None:
    advance_clock(tester, days=30)
    assert emitted_events() == [
        ("reminder", "11-29 10:00"),
        ("success", "12-04 05:00"),
        ("reminder", "12-13 10:00"),
        ("success", "12-18 05:00"),
    ]
    assert list(Order.objects.order_by("place_date").values_list("place_date", "status")) == [
        (DUE, S.SUCCESS),
        (DUE + timedelta(days=14), S.SUCCESS),
        (DUE + timedelta(days=28), S.UNSENT),
    ]
    tester.refresh_from_db()
    assert tester.clock == NOON + timedelta(days=30)
    assert not JobRun.objects.exists()


def test_many_small_moves_equal_one_large_move(tester: Customer) -> None:
    for _ in range(30):
        advance_clock(tester, hours=24)
    assert [what for what, _ in emitted_events()] == ["reminder", "success"] * 2
    assert emitted_events()[1] == ("success", "12-04 05:00")


def test_a_move_reaches_neither_the_live_platform_nor_a_live_connection(tester: Customer, settings: Any) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    f.ConnectionFactory(merchant=tester.merchant, name="Live")
    sandbox = f.ConnectionFactory(merchant=tester.merchant, name="Sandbox", base_url=private_keys.sandbox_url())
    with running_platform() as playing:
        GatewaySettings.objects.create(merchant=tester.merchant, url=playing.url)
        advance_clock(tester, days=30)
    assert playing.posts == []
    assert SimulatedPlacement.objects.count() == 2
    assert set(Delivery.objects.values_list("connection", flat=True)) == {sandbox.pk}
    assert Delivery.objects.count() == Event.objects.count() == 4


def test_other_customers_stay_where_they_are(tester: Customer) -> None:
    others = [f.CustomerFactory(merchant=tester.merchant, is_test=is_test) for is_test in (True, False)]
    for other in others:
        create_order(DUE, customer=other)
    advance_clock(tester, days=30)
    assert set(Event.objects.values_list("customer", flat=True)) == {tester.pk}
    assert Customer.objects.filter(clock=None).count() == 2


def test_a_retry_comes_at_its_time_between_the_runs(tester: Customer) -> None:
    SimulatedOutcome.objects.create(
        merchant=tester.merchant, payment=Order.objects.get().payment, outcome="140", times=1
    )
    advance_clock(tester, days=14.5)
    made = Order.objects.get(place_date=DUE)
    assert (made.status, made.retry_at) == (S.CREDIT_CARD_RETRY, datetime(2026, 12, 7, 10, tzinfo=UTC))
    Order.objects.filter(pk=made.pk).update(retry_at=datetime(2026, 12, 7, 12, 34, tzinfo=UTC))
    advance_clock(tester, days=3)
    assert emitted_events()[1:] == [("retryable_placement_failure", "12-04 05:00"), ("success", "12-07 07:34")]


def test_an_instruction_that_does_not_come_is_missed_after_a_day(tester: Customer) -> None:
    Merchant.objects.update(retry_plan="external")
    tester.merchant.refresh_from_db()
    SimulatedOutcome.objects.create(merchant=tester.merchant, payment=Order.objects.get().payment, outcome="140")
    advance_clock(tester, days=16)
    assert emitted_events()[1:] == [("retryable_placement_failure", "12-04 05:00"), ("reject", "12-05 05:00")]


def test_an_order_sent_now_is_placed_as_soon_as_the_clock_moves(tester: Customer) -> None:
    advance_clock(tester, days=1)
    verbs.send_now(Order.objects.get(), actor=f.STAFF)
    advance_clock(tester, hours=1)
    sent = Order.objects.get(status=S.SUCCESS)
    assert (sent.place_date, sent.tried_at) == (date(2026, 11, 21), NOON + timedelta(days=1))


def test_an_hourly_merchant_places_each_hour(tester: Customer) -> None:
    Merchant.objects.update(placed_hourly=True)
    tester.merchant.refresh_from_db()
    advance_clock(tester, days=1)
    verbs.change_date(Order.objects.get(), actor=f.STAFF, day=date(2026, 11, 21))
    advance_clock(tester, hours=1)
    assert Order.objects.get(status=S.SUCCESS).tried_at == datetime(2026, 11, 21, 18, tzinfo=UTC)


def test_a_move_is_refused_for_real_customers_backwards_too_far_and_for_differing_clocks(tester: Customer) -> None:
    real, other = f.CustomerFactory(merchant=tester.merchant), f.CustomerFactory(merchant=tester.merchant, is_test=True)
    advance_clock(tester, days=1)
    for customers, ahead, code in [
        ([real], 1, "not_a_test_customer"),
        ([tester], -1, "clock_out_of_range"),
        ([tester], 368, "clock_out_of_range"),
        ([tester, other], 9, "clocks_differ"),
    ]:
        with pytest.raises(Refused) as refusal:
            clock.advance_clocks(tester.merchant, customers, NOON + timedelta(days=ahead), actor=f.STAFF)
        assert refusal.value.code == code
    assert emitted_events() == []


def test_customers_of_another_merchant_are_not_moved(tester: Customer) -> None:
    clock.advance_clocks(f.MerchantFactory(), [tester], NOON + timedelta(days=30), actor=f.STAFF)
    tester.refresh_from_db()
    assert (tester.clock, emitted_events()) == (None, [])


def test_daylight_saving_changes_do_no_harm(tester: Customer) -> None:
    Merchant.objects.update(placement_hour=2)  # skipped on March 14, 2027
    tester.merchant.refresh_from_db()
    Subscription.objects.update(every=1, every_period=1)
    Order.objects.update(place_date=date(2027, 3, 12))
    Customer.objects.update(clock=NOON + timedelta(days=110))
    advance_clock(tester, days=7)
    placed = Order.objects.filter(status=S.SUCCESS).order_by("place_date")
    assert list(placed.values_list("place_date", "tried_at")) == [
        (date(2027, 3, 12), datetime(2027, 3, 12, 7, tzinfo=UTC)),
        (date(2027, 3, 13), datetime(2027, 3, 13, 7, tzinfo=UTC)),
        (date(2027, 3, 14), datetime(2027, 3, 14, 7, tzinfo=UTC)),
        (date(2027, 3, 15), datetime(2027, 3, 15, 6, tzinfo=UTC)),
        (date(2027, 3, 16), datetime(2027, 3, 16, 6, tzinfo=UTC)),
        (date(2027, 3, 17), datetime(2027, 3, 17, 6, tzinfo=UTC)),
    ]
