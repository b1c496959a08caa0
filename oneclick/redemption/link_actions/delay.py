"""Delay: moves the token's order to a later day."""

from datetime import timedelta

from django.utils.translation import gettext_noop as _

from oneclick.models import Action, ActionToken
from oneclick.models.settings import one_click_of
from oneclick.redemption import parameters
from oneclick.redemption.link_actions.link_action import LinkAction, Message, Parameters, Result, token_order
from oneclick.redemption.link_actions.reactivate import REACTIVATE_ERRORS
from subscriptions.actions import order as order_actions
from subscriptions.actors import Actor


def delay_order(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """Move the order by `days` from its own date; it merges with an order that already has the resulting order key."""
    days = parameters.read_whole_number(
        given, "days", parameters.MAX_DELAY_DAYS, one_click_of(token.merchant).delay_days
    )
    order = token_order(token)
    context = order_actions.change_date(order, actor=actor, day=order.place_date + timedelta(days=days))
    return Result(context, Message({"date": context.result.place_date}), context.result)


DELAY = LinkAction(
    name="delay",
    action=Action.DELAY,
    scope=ActionToken.Scope.ORDER,
    parameters=("days",),
    perform=delay_order,
    undone_facts=lambda undone: {"date": undone.result.place_date},
    # The message tables have one code for everything that can no longer be changed.
    codes={"order_not_open": "subscription_already_active"},
    label="Delay",
    about="Moves the next order to a later day",
    icon="event_upcoming",
    badge="info",
    sms_text="Your next order ships soon. Not yet? Delay it: {link}",
    interface_code="delay",
    question=_("Delay your order by {days}?"),
    button=_("Delay my order"),
    undone=_("Your order is planned for {date} again."),
    # The product text gives delay the errors of reactivation; a merchant may choose the corrected ones.
    messages={"success": _("Your order was delayed. Its new date is {date}."), **REACTIVATE_ERRORS},
    corrected_messages={
        "invalid_token": _("The link is invalid. Your order was not delayed."),
        "expired_token": _("This link is expired. Your order was not delayed."),
        "token_already_used": _("This link was previously used. Your order was not delayed."),
        "token_wrong_context": _("This link is not valid for this action. Your order was not delayed."),
        "subscription_already_active": _("Your order can no longer be changed. No changes have been made."),
        "other": _("Your order was not delayed."),
    },
)
