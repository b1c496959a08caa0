import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oneclick.messages import rendering
from oneclick.models import ActionToken, Click, MessageText, OneClickSettings
from oneclick.redemption import redeem
from oneclick.tokens import issuing, manual_tokens
from subscriptions.actions import core
from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.errors import Busy, Refused
from subscriptions.models import Activity, Customer, Event, Item, Order, OrderStatus, Subscription
from tests.factories import STAFF, OrderFactory, subscription_with_order
from tests.races import at_once, holding

REACTIVATE = "ordergroove.subscription.reactivate"
SUCCESS = "Your subscription to House blend is active again. Your next order is planned for November 21, 2026."
NOW = "2026-11-20T17:00:00Z"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def token(db, clock) -> ActionToken:
    cancel(subscription_with_order(), actor=STAFF, reason="4|too much")
    return ActionToken.objects.get()


def click(token: ActionToken, action: str = "reactivate") -> redeem.Success:
    return redeem.redeem(issuing.text_of(token), action, {})


def refusal_of(call) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code, refusal.value.sentence


def clicks() -> list[tuple[str, str, bool]]:
    return list(Click.objects.order_by("id").values_list("action", "outcome", "replayed"))


def test_a_click_brings_the_subscription_back_with_its_next_order_tomorrow(token):
    success = click(token)

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
    assert clicks() == [("reactivate", "success", False)]


def test_tomorrow_is_the_merchants_tomorrow(token, clock):
    clock.move_to("2026-11-21T03:00:00Z")
    click(token)
    assert Order.objects.get().place_date == date(2026, 11, 21)


def test_the_same_click_within_the_window_is_answered_like_the_first(token, clock):
    click(token)
    clock.shift(2)
    again = click(token)
    assert (again.message, again.replayed) == (SUCCESS, True)
    assert Event.objects.filter(kind=REACTIVATE).count() == 1
    assert clicks() == [("reactivate", "success", False), ("reactivate", "success", True)]


def test_after_the_window_the_link_was_previously_used(token, clock):
    click(token)
    clock.shift(3)
    assert refusal_of(lambda: click(token)) == (
        "token_already_used",
        "This link was previously used. Your subscription was not reactivated.",
    )
    assert clicks() == [("reactivate", "success", False), ("reactivate", "token_already_used", False)]


def test_without_a_window_no_click_is_replayed(token):
    OneClickSettings.objects.update(replay_seconds=0)
    click(token)
    assert refusal_of(lambda: click(token))[0] == "token_already_used"


def test_a_forged_token_is_refused_without_a_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert refusal_of(lambda: redeem.redeem("forged", "reactivate", {})) == (
            "invalid_token",
            "The link is invalid. Your subscription was not reactivated.",
        )


def test_a_genuine_token_whose_row_is_gone_is_invalid(token):
    text = issuing.text_of(token)
    token.delete()
    assert refusal_of(lambda: redeem.redeem(text, "reactivate", {}))[0] == "invalid_token"


def test_a_revoked_token_is_invalid(token):
    manual_tokens.revoke(token, actor=STAFF)
    assert refusal_of(lambda: click(token))[0] == "invalid_token"


def test_an_expired_token_says_so(token, clock):
    clock.shift(timedelta(days=90))
    assert refusal_of(lambda: click(token)) == (
        "expired_token",
        "This link is expired. Your subscription was not reactivated.",
    )


def test_a_used_and_expired_token_counts_as_expired(token, clock):
    click(token)
    clock.shift(timedelta(days=90))
    assert refusal_of(lambda: click(token))[0] == "expired_token"


def order_token(token: ActionToken, **fields) -> ActionToken:
    """A token for an order of the same customer, in `fields` as given."""
    return ActionToken.objects.create(
        merchant=token.merchant,
        customer=token.customer,
        scope="order",
        **{"order": OrderFactory(customer=token.customer), "expires_at": timezone.now() + timedelta(days=1), **fields},
    )


def test_an_orders_token_is_not_valid_for_a_reactivation(token):
    assert refusal_of(lambda: click(order_token(token))) == (
        "token_wrong_context",
        "This link is not valid for this action. Your subscription was not reactivated.",
    )


@pytest.mark.parametrize("removed", [False, True])
def test_an_orders_token_ends_with_the_order_but_its_own_use_is_named_first(token, removed):
    order = None if removed else OrderFactory(customer=token.customer, status=OrderStatus.SUCCESS)
    assert refusal_of(lambda: click(order_token(token, order=order)))[0] == "expired_token"
    used = order_token(token, order=order, used_at=timezone.now())
    assert refusal_of(lambda: click(used))[0] == "token_already_used"


def test_a_token_of_a_merchant_that_has_switched_1_click_off_is_invalid(token):
    OneClickSettings.objects.update(enabled=False)
    assert refusal_of(lambda: click(token))[0] == "invalid_token"


@pytest.mark.parametrize(
    ("used", "code"),
    [
        ({"used_action": "skip"}, "token_already_used"),
        ({"used_parameters": {"winback_id": "1"}}, "token_already_used"),
        ({"revoked_at": NOW}, "invalid_token"),
    ],
)
def test_only_the_same_click_on_a_good_token_is_a_replay(token, used, code):
    click(token)
    ActionToken.objects.update(**used)
    assert refusal_of(lambda: click(token))[0] == code


def test_a_subscription_that_is_active_already_leaves_the_token_unused(token):
    reactivate(token.subscription, actor=STAFF)
    assert refusal_of(lambda: click(token)) == (
        "subscription_already_active",
        "Your subscription is already active. No changes have been made.",
    )
    token.refresh_from_db()
    assert token.used_at is None
    assert clicks() == [("reactivate", "subscription_already_active", False)]


def test_any_other_refusal_reads_as_the_general_one(token):
    product = token.subscription.product
    product.discontinued, product.live, product.autoship_enabled = True, False, False
    product.save()
    assert refusal_of(lambda: click(token)) == (
        "product_discontinued",
        "Your subscription was not reactivated.",
    )


def test_a_token_presented_at_another_merchants_script_is_invalid(token):
    foreign = subscription_with_order().merchant
    text = issuing.text_of(token)
    assert refusal_of(lambda: redeem.redeem(text, "reactivate", {}, foreign))[0] == "invalid_token"
    assert not Subscription.objects.get(pk=token.subscription_id).live


def test_an_undo_at_another_merchants_script_is_invalid(token):
    foreign = subscription_with_order().merchant
    offer, _ = click(token).undo
    assert refusal_of(lambda: redeem.undo(offer, foreign))[0] == "invalid_token"
    assert Subscription.objects.get(pk=token.subscription_id).live


def test_a_merchants_own_wording_wins_in_the_customers_locale_then_in_its_own(token, clock):
    merchant = token.merchant
    text = "¡Listo! {product_name}: {date}"
    MessageText.objects.create(merchant=merchant, locale="es-us", table="reactivate", code="success", text=text)
    MessageText.objects.create(
        merchant=merchant, locale="en-us", table="reactivate", code="token_already_used", text="Used up."
    )
    Customer.objects.update(locale="es-us")

    assert click(token).message == "¡Listo! House blend: 21 de noviembre de 2026"
    Customer.objects.update(locale="pt-br")
    clock.shift(10)
    assert refusal_of(lambda: click(token))[1] == "Used up."


def test_undo_takes_the_reactivation_back_with_its_old_reason(token):
    offer, until = click(token).undo
    assert until == timezone.now() + timedelta(minutes=10)

    undone = redeem.undo(offer)

    assert undone.message == "Your subscription to House blend is cancelled again."
    row = Subscription.objects.get()
    assert (row.live, row.cancel_reason) == (False, "4|too much")
    assert not Item.objects.exists()
    token.refresh_from_db()
    assert token.state == "undone"
    assert clicks() == [("reactivate", "success", False), ("undo", "undone", False)]
    assert Event.objects.filter(kind="ordergroove.subscription.cancel").count() == 2


def test_undo_is_good_once(token):
    offer, _ = click(token).undo
    redeem.undo(offer)
    assert refusal_of(lambda: redeem.undo(offer))[0] == "undo_already_done"


def test_undo_ends_with_the_merchants_window(token, clock):
    offer, _ = click(token).undo
    clock.shift(timedelta(minutes=10))
    assert refusal_of(lambda: redeem.undo(offer))[0] == "undo_too_late"
    assert Subscription.objects.get().live


def test_undo_is_refused_once_something_else_changed(token):
    offer, _ = click(token).undo
    cancel(token.subscription, actor=STAFF)
    reactivate(token.subscription, actor=STAFF, next_order_date=date(2026, 12, 24))
    assert refusal_of(lambda: redeem.undo(offer))[0] == "undo_superseded"
    assert Order.objects.get().place_date == date(2026, 12, 24)


def test_what_happens_to_another_subscription_does_not_stand_in_the_way_of_undo(token):
    offer, _ = click(token).undo
    cancel(subscription_with_order(customer=token.customer), actor=STAFF)
    assert redeem.undo(offer).action == "undo"


def test_a_merchant_may_offer_no_undo(token):
    OneClickSettings.objects.update(undo_minutes=0)
    assert click(token).undo is None


def test_a_click_after_the_undo_is_no_replay(token):
    offer, _ = click(token).undo
    redeem.undo(offer)
    assert refusal_of(lambda: click(token))[0] == "token_already_used"


def redeem_at_once(token: ActionToken, number: int) -> list[str]:
    """`number` threads redeem the same token together; what each was told: `acted`, `replayed` or the code."""
    text = issuing.text_of(token)

    def run() -> str:
        try:
            return "replayed" if redeem.redeem(text, "reactivate", {}).replayed else "acted"
        except Refused as refusal:
            return refusal.code
        except IntegrityError:
            return "IntegrityError"

    return sorted(at_once(number, run))


@pytest.fixture
def committed_token(transactional_db) -> ActionToken:
    cancel(subscription_with_order(), actor=STAFF)
    # Fifty clicks take longer than the usual window on a slow machine.
    OneClickSettings.objects.update(replay_seconds=600)
    return ActionToken.objects.get()


def test_a_click_waits_for_whoever_changes_the_customer(committed_token):
    with holding(Customer.objects.all()), pytest.raises(Busy):
        click(committed_token)
    assert not Click.objects.exists()


def test_of_fifty_simultaneous_clicks_one_acts_and_the_others_get_its_answer(committed_token):
    activities = Activity.objects.count()
    assert redeem_at_once(committed_token, 50) == ["acted"] + ["replayed"] * 49
    assert Activity.objects.count() == activities + 1
    assert Event.objects.filter(kind=REACTIVATE).count() == 1


def test_of_fifty_simultaneous_clicks_without_a_window_forty_nine_are_refused(committed_token):
    OneClickSettings.objects.update(replay_seconds=0)
    activities = Activity.objects.count()
    assert redeem_at_once(committed_token, 50) == ["acted"] + ["token_already_used"] * 49
    assert Activity.objects.count() == activities + 1
    assert Event.objects.filter(kind=REACTIVATE).count() == 1


def test_without_the_lock_two_clicks_both_pass_their_checks(committed_token, monkeypatch):
    """The control: the races above are real. Only the database's own constraint stops the second act here."""
    both_read, reread = threading.Barrier(2), core.reread

    def lock_nothing(query, given):
        return ActionToken.objects.get(nonce=given["nonce"])

    def read_together(subject, customer):
        found = reread(subject, customer)
        both_read.wait(timeout=10)
        return found

    monkeypatch.setattr(core, "_lock", lock_nothing)
    monkeypatch.setattr(core, "reread", read_together)
    assert redeem_at_once(committed_token, 2) == ["IntegrityError", "acted"]


def test_a_redemption_costs_seven_statements(token):
    rendering.own_texts(token.merchant)  # kept for a minute
    with CaptureQueriesContext(connection) as context:
        click(token)
    assert len([query for query in context if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]) == 7
