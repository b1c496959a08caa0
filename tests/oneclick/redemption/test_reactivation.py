"""A click reactivates the subscription once, and the same click again replays the result."""

from datetime import date

import pytest

from oneclick.messages.own_messages import get_own_messages
from oneclick.models import ActionToken, MessageText, OneClickSettings
from subscriptions.models import Activity, Customer, Event, Order, Subscription
from tests.oneclick.redemption.clicking import NOW, REACTIVATE, click_token, recorded_clicks, refusal_of
from tests.round_trips import round_trips

SUCCESS = "Your subscription to House blend is active again. Your next order is planned for November 21, 2026."


def test_a_click_brings_the_subscription_back_with_its_next_order_tomorrow(token):
    success = click_token(token)

    assert (success.action, success.message, success.replayed) == ("reactivate", SUCCESS, False)
    assert Subscription.objects.get().live
    assert Order.objects.get().place_date == date(2026, 11, 21)
    activity = Activity.objects.latest("id")
    assert (activity.verb, activity.actor_kind, activity.actor_name) == (
        "subscription.reactivate",
        "link",
        "1-Click reactivate",
    )
    assert Event.objects.filter(kind=REACTIVATE).count() == 1
    assert recorded_clicks() == [("reactivate", "success", False)]


def test_tomorrow_is_counted_in_the_merchants_time_zone(token, clock):
    clock.move_to("2026-11-21T03:00:00Z")
    click_token(token)
    assert Order.objects.get().place_date == date(2026, 11, 21)


def test_the_same_click_within_the_window_replays_the_first_result(token, clock):
    click_token(token)
    clock.shift(2)
    again = click_token(token)
    assert (again.message, again.replayed) == (SUCCESS, True)
    assert Event.objects.filter(kind=REACTIVATE).count() == 1
    assert recorded_clicks() == [("reactivate", "success", False), ("reactivate", "success", True)]


def test_after_the_window_the_link_counts_as_used(token, clock):
    click_token(token)
    clock.shift(3)
    assert refusal_of(lambda: click_token(token)) == (
        "token_already_used",
        "This link was previously used. Your subscription was not reactivated.",
    )
    assert recorded_clicks() == [("reactivate", "success", False), ("reactivate", "token_already_used", False)]


def test_without_a_window_no_click_is_replayed(token):
    OneClickSettings.objects.update(replay_seconds=0)
    click_token(token)
    assert refusal_of(lambda: click_token(token))[0] == "token_already_used"


@pytest.mark.parametrize(
    ("used", "code"),
    [
        ({"used_action": "skip"}, "token_already_used"),
        ({"used_parameters": {"winback_id": "1"}}, "token_already_used"),
        ({"revoked_at": NOW}, "invalid_token"),
    ],
)
def test_only_the_same_click_on_a_good_token_is_a_replay(token, used, code):
    click_token(token)
    ActionToken.objects.update(**used)
    assert refusal_of(lambda: click_token(token))[0] == code


def test_a_merchants_own_message_wins_in_the_customers_locale_then_in_the_merchants(token, clock):
    merchant = token.merchant
    text = "¡Listo! {product_name}: {date}"
    MessageText.objects.create(merchant=merchant, locale="es-us", table="reactivate", code="success", text=text)
    MessageText.objects.create(
        merchant=merchant, locale="en-us", table="reactivate", code="token_already_used", text="Used up."
    )
    Customer.objects.update(locale="es-us")

    assert click_token(token).message == "¡Listo! House blend: 21 de noviembre de 2026"
    Customer.objects.update(locale="pt-br")
    clock.shift(10)
    assert refusal_of(lambda: click_token(token))[1] == "Used up."


def test_a_redemption_waits_for_the_database_four_times(token):
    get_own_messages(token.merchant)  # kept for a minute
    with round_trips() as counted:
        click_token(token)
    assert (len(counted.waits), len(counted.statements)) == (4, 14)
