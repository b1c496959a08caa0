"""A reactivation can be undone once, within the merchant's window."""

from datetime import date, timedelta

from django.utils import timezone

from oneclick.models import OneClickSettings
from oneclick.redemption.undo import undo_redemption
from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.models import Event, Item, Order, Subscription
from tests.factories import STAFF, subscription_with_order
from tests.oneclick.redemption.clicking import click_token, recorded_clicks, refusal_of


def test_an_undo_at_another_merchants_script_is_invalid(token):
    foreign = subscription_with_order().merchant
    offer, _ = click_token(token).undo
    assert refusal_of(lambda: undo_redemption(offer, foreign))[0] == "invalid_token"
    assert Subscription.objects.get(pk=token.subscription_id).live


def test_undo_of_a_reactivation_restores_the_old_cancel_reason(token):
    offer, until = click_token(token).undo
    assert until == timezone.now() + timedelta(minutes=10)

    undone = undo_redemption(offer)

    assert undone.message == "Your subscription to House blend is cancelled again."
    row = Subscription.objects.get()
    assert (row.live, row.cancel_reason) == (False, "4|too much")
    assert not Item.objects.exists()
    token.refresh_from_db()
    assert token.state == "undone"
    assert recorded_clicks() == [("reactivate", "success", False), ("undo", "undone", False)]
    assert Event.objects.filter(kind="ordergroove.subscription.cancel").count() == 2


def test_undo_works_once(token):
    offer, _ = click_token(token).undo
    undo_redemption(offer)
    assert refusal_of(lambda: undo_redemption(offer))[0] == "undo_already_done"


def test_undo_ends_with_the_merchants_window(token, clock):
    offer, _ = click_token(token).undo
    clock.shift(timedelta(minutes=10))
    assert refusal_of(lambda: undo_redemption(offer))[0] == "undo_too_late"
    assert Subscription.objects.get().live


def test_undo_is_refused_once_something_else_changed(token):
    offer, _ = click_token(token).undo
    cancel(token.subscription, actor=STAFF)
    reactivate(token.subscription, actor=STAFF, next_order_date=date(2026, 12, 24))
    assert refusal_of(lambda: undo_redemption(offer))[0] == "undo_superseded"
    assert Order.objects.get().place_date == date(2026, 12, 24)


def test_a_change_of_another_subscription_does_not_prevent_undo(token):
    offer, _ = click_token(token).undo
    cancel(subscription_with_order(customer=token.customer), actor=STAFF)
    assert undo_redemption(offer).action == "undo"


def test_a_merchant_may_offer_no_undo(token):
    OneClickSettings.objects.update(undo_minutes=0)
    assert click_token(token).undo is None


def test_a_click_after_the_undo_is_no_replay(token):
    offer, _ = click_token(token).undo
    undo_redemption(offer)
    assert refusal_of(lambda: click_token(token))[0] == "token_already_used"
