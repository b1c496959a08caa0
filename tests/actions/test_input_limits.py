"""The checks of inputs, on both sides of their limits."""

from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from subscriptions.actions import checks, order, prepaid, subscription
from subscriptions.errors import Refused
from tests.actions.contract import assert_refused
from tests.factories import STAFF, subscription_with_order


@pytest.mark.parametrize("value", [1, 2, 32766, 32767])
def test_a_whole_number_within_its_limits_is_accepted(value):
    assert checks.require_whole_number("quantity", value) == value


@pytest.mark.parametrize("value", [-1, 0, 32768])
def test_a_whole_number_beyond_its_limits_is_refused_with_them(value):
    with pytest.raises(Refused, match=r"^quantity must be a whole number from 1 to 32767\.$"):
        checks.require_whole_number("quantity", value)


@pytest.mark.parametrize("frequency", [(1, 1), (999, 1), (1, 4), (999, 4)])
def test_a_frequency_within_its_limits_is_accepted(frequency):
    assert checks.require_frequency(*frequency) == frequency


@pytest.mark.parametrize(
    ("frequency", "sentence"),
    [
        ((0, 1), "every must be a whole number from 1 to 999."),
        ((1000, 1), "every must be a whole number from 1 to 999."),
        ((1, 0), "every_period must be a whole number from 1 to 4."),
        ((1, 5), "every_period must be a whole number from 1 to 4."),
    ],
)
def test_a_frequency_beyond_its_limits_is_refused_with_them(frequency, sentence):
    with pytest.raises(Refused) as refusal:
        checks.require_frequency(*frequency)
    assert refusal.value.sentence == sentence


@pytest.mark.parametrize("text", ["0", "0.00", "0.01", "12.5", "0.010", "1E+2", "9999999999.99"])
def test_an_amount_in_cents_is_accepted(text):
    assert checks.require_amount("price", Decimal(text)) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["-0.01", "0.001", "0.005", "9999999999.991", "10000000000", "1E+400", "NaN", "sNaN", "Infinity", "-Infinity"],
)
def test_any_other_amount_is_refused(text):
    with pytest.raises(Refused, match=r"^price must be an amount of at least 0\.00 with two decimals\.$"):
        checks.require_amount("price", Decimal(text))


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(("day", "is_past"), [(19, True), (20, False), (21, False)])
def test_a_day_may_be_today_in_the_merchants_zone(day, is_past):
    """It is November 20 in New York, and November 21 in Tokyo by now."""
    context = SimpleNamespace(customer=SimpleNamespace(merchant=SimpleNamespace(time_zone="America/New_York")))
    chosen = date(2026, 11, day)
    if is_past:
        with pytest.raises(Refused, match="past"):
            checks.require_today_or_later(context, chosen)
    else:
        assert checks.require_today_or_later(context, chosen) == chosen
    context.customer.merchant.time_zone = "Asia/Tokyo"
    with pytest.raises(Refused, match="past") if day < 21 else nullcontext():
        checks.require_today_or_later(context, chosen)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "fits"), [(4, False), (5, True), (365, True), (366, False)])
def test_a_reminder_comes_5_to_365_days_before_the_order(days, fits):
    own = subscription_with_order()
    if not fits:
        assert_refused("invalid_value", lambda: subscription.change_reminder_days(own, actor=STAFF, days=days))
        return
    subscription.change_reminder_days(own, actor=STAFF, days=days)
    own.refresh_from_db()
    assert own.reminder_days == days


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({"orders_per_billing": 1}, False),
        ({"orders_per_billing": 2}, True),
        ({"orders_per_billing": 32767}, True),
        ({"orders_per_billing": 32768}, False),
        ({"orders_remaining": -1}, False),
        ({"orders_remaining": 0}, True),
        ({"orders_remaining": 32767}, True),
        ({"orders_remaining": 32768}, False),
    ],
)
def test_a_prepaid_cycle_has_at_least_two_orders_and_may_have_none_left(change, fits):
    cycle = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 1, "renewal_behavior": "autorenew"}
    own = subscription_with_order(**cycle)
    if not fits:
        assert_refused("invalid_value", lambda: prepaid.change_context(own, actor=STAFF, **change))
        return
    prepaid.change_context(own, actor=STAFF, **change)
    own.refresh_from_db()
    ((name, value),) = change.items()
    assert getattr(own, f"prepaid_{name}") == value


FAR_ACTS = {
    "order.change_date": lambda own, day: order.change_date(own.items.get().order, actor=STAFF, day=day),
    "change_next_order_date": lambda own, day: subscription.change_next_order_date(own, actor=STAFF, day=day),
    "reactivate": lambda own, day: subscription.reactivate(own, actor=STAFF, next_order_date=day),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "fits"), [(date(2999, 12, 31), True), (date(3000, 1, 1), False), (date.max, False)])
@pytest.mark.parametrize("verb", FAR_ACTS)
def test_no_order_is_planned_for_a_day_after_the_calendars_last(verb, day, fits):
    own = subscription_with_order()
    if verb == "reactivate":
        subscription.cancel(own, actor=STAFF)
    if not fits:
        assert_refused("date_too_far", lambda: FAR_ACTS[verb](own, day))
        return
    FAR_ACTS[verb](own, day)
    order.skip(own.items.get(upcoming=True).order, actor=STAFF)
    assert own.items.get(upcoming=True).order.place_date == date(2999, 12, 31)
