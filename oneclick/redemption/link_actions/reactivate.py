"""Reactivate: starts a cancelled subscription again."""

from datetime import timedelta

from django.utils.translation import gettext_noop as _

from common.db import new_row
from oneclick.models import Action, ActionToken
from oneclick.redemption import parameters
from oneclick.redemption.link_actions.link_action import LinkAction, Message, Parameters, Result
from subscriptions import calendar
from subscriptions.actions import subscription as subscription_actions
from subscriptions.actors import Actor
from subscriptions.models import Subscription


def reactivate_subscription(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """Reactivate the subscription as it was; its next order is tomorrow in the merchant's zone, with the offer."""
    winback = parameters.find_offer(token.merchant, given, "winback_id")
    tomorrow = calendar.today(token.merchant.time_zone) + timedelta(days=1)
    context = subscription_actions.reactivate(
        _token_subscription(token), actor=actor, next_order_date=tomorrow, winback=winback
    )
    subscription, order = context.subject, context.result.order
    message = Message({"product_name": subscription.product.name, "date": order.place_date})
    return Result(context, message, subscription)


def _token_subscription(token: ActionToken) -> Subscription:
    """Only what the action needs to find the subscription; the action itself reads the row."""
    return new_row(Subscription, id=token.subscription_id, customer=token.customer, merchant=token.merchant)


REACTIVATE_ERRORS = {
    "invalid_token": _("The link is invalid. Your subscription was not reactivated."),
    "expired_token": _("This link is expired. Your subscription was not reactivated."),
    "token_already_used": _("This link was previously used. Your subscription was not reactivated."),
    "token_wrong_context": _("This link is not valid for this action. Your subscription was not reactivated."),
    "subscription_already_active": _("Your subscription is already active. No changes have been made."),
    "other": _("Your subscription was not reactivated."),
}
REACTIVATE = LinkAction(
    name="reactivate",
    action=Action.REACTIVATE,
    scope=ActionToken.Scope.SUBSCRIPTION,
    parameters=("winback_id",),
    perform=reactivate_subscription,
    undone_facts=lambda undone: {"product_name": undone.subject.product.name},
    label="Reactivate",
    about="Starts a cancelled subscription again",
    icon="autorenew",
    badge="success",
    sms_text="We miss you. Start your subscription again: {link}",
    interface_code="reactivate",
    question=_("Start your subscription again?"),
    button=_("Reactivate my subscription"),
    undone=_("Your subscription to {product_name} is cancelled again."),
    messages={
        "success": _("Your subscription to {product_name} is active again. Your next order is planned for {date}."),
        **REACTIVATE_ERRORS,
    },
)
