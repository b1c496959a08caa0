"""Refused links and their messages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from oneclick.models import ActionToken, OneClickSettings
from oneclick.redemption.redeem import redeem_token
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import reactivate
from subscriptions.models import OrderStatus, Subscription
from tests.factories import STAFF, OrderFactory, subscription_with_order
from tests.oneclick.redemption.clicking import click_token, recorded_clicks, refusal_of


def test_a_forged_token_is_refused_without_a_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert refusal_of(lambda: redeem_token("forged", "reactivate", {})) == (
            "invalid_token",
            "The link is invalid. Your subscription was not reactivated.",
        )


def test_a_genuine_token_whose_row_is_gone_is_invalid(token):
    text = encode_token(token)
    token.delete()
    assert refusal_of(lambda: redeem_token(text, "reactivate", {}))[0] == "invalid_token"


def test_a_revoked_token_is_invalid(token):
    manual_tokens.revoke_token(token, actor=STAFF)
    assert refusal_of(lambda: click_token(token))[0] == "invalid_token"


def test_an_expired_token_says_so(token, clock):
    clock.shift(timedelta(days=90))
    assert refusal_of(lambda: click_token(token)) == (
        "expired_token",
        "This link is expired. Your subscription was not reactivated.",
    )


def test_a_used_and_expired_token_counts_as_expired(token, clock):
    click_token(token)
    clock.shift(timedelta(days=90))
    assert refusal_of(lambda: click_token(token))[0] == "expired_token"


def create_order_token(token: ActionToken, **fields) -> ActionToken:
    """A token for an order of the same customer, with these `fields`."""
    return ActionToken.objects.create(
        merchant=token.merchant,
        customer=token.customer,
        scope="order",
        **{"order": OrderFactory(customer=token.customer), "expires_at": timezone.now() + timedelta(days=1), **fields},
    )


def test_an_orders_token_is_not_valid_for_a_reactivation(token):
    assert refusal_of(lambda: click_token(create_order_token(token))) == (
        "token_wrong_context",
        "This link is not valid for this action. Your subscription was not reactivated.",
    )


@pytest.mark.parametrize("removed", [False, True])
def test_an_orders_token_expires_with_the_order_unless_it_was_used(token, removed):
    order = None if removed else OrderFactory(customer=token.customer, status=OrderStatus.SUCCESS)
    assert refusal_of(lambda: click_token(create_order_token(token, order=order)))[0] == "expired_token"
    used = create_order_token(token, order=order, used_at=timezone.now())
    assert refusal_of(lambda: click_token(used))[0] == "token_already_used"


def test_a_token_of_a_merchant_that_has_switched_1_click_off_is_invalid(token):
    OneClickSettings.objects.update(enabled=False)
    assert refusal_of(lambda: click_token(token))[0] == "invalid_token"


def test_a_subscription_that_is_active_already_leaves_the_token_unused(token):
    reactivate(token.subscription, actor=STAFF)
    assert refusal_of(lambda: click_token(token)) == (
        "subscription_already_active",
        "Your subscription is already active. No changes have been made.",
    )
    token.refresh_from_db()
    assert token.used_at is None
    assert recorded_clicks() == [("reactivate", "subscription_already_active", False)]


def test_any_other_refusal_has_the_general_message(token):
    product = token.subscription.product
    product.discontinued, product.live, product.autoship_enabled = True, False, False
    product.save()
    assert refusal_of(lambda: click_token(token)) == (
        "product_discontinued",
        "Your subscription was not reactivated.",
    )


def test_a_token_presented_at_another_merchants_script_is_invalid(token):
    foreign = subscription_with_order().merchant
    text = encode_token(token)
    assert refusal_of(lambda: redeem_token(text, "reactivate", {}, foreign))[0] == "invalid_token"
    assert not Subscription.objects.get(pk=token.subscription_id).live
