"""Skip: cancels the token's order; its subscriptions continue with their next orders."""

from django.utils.translation import gettext_noop as _

from oneclick.models import Action, ActionToken
from oneclick.redemption.link_actions.link_action import LinkAction, Message, Parameters, Result, token_order
from subscriptions.actions import order as order_actions
from subscriptions.actors import Actor


def skip_order(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """Cancel the order; each subscription on it gets its next order."""
    order = token_order(token)
    context = order_actions.skip(order, actor=actor)
    next_orders = sorted({item.order for item in context.result}, key=lambda each: each.place_date)
    if not next_orders:
        return Result(context, Message({}, "success_last"), None)
    return Result(context, Message({"date": next_orders[0].place_date}), next_orders[0])


SKIP = LinkAction(
    name="skip",
    action=Action.SKIP,
    scope=ActionToken.Scope.ORDER,
    perform=skip_order,
    undone_facts=lambda undone: {"date": undone.result.place_date},
    # The message tables have one code for everything that can no longer be changed.
    codes={"order_not_open": "subscription_already_active"},
    label="Skip",
    about="Cancels the next order; the one after it stays as planned",
    icon="redo",
    badge="warning",
    sms_text="Your next order ships soon. Skip this one: {link}",
    interface_code="skip",
    question=_("Skip your upcoming order?"),
    button=_("Skip my order"),
    undone=_("Your order is planned for {date} again."),
    messages={
        "success": _("Your order was skipped. Your next order is planned for {date}."),
        "success_last": _("Your order was skipped."),
        "invalid_token": _("The link is invalid. Your order was not skipped."),
        "expired_token": _("This link is expired. Your order was not skipped."),
        "token_already_used": _("This link was previously used. Your order was not skipped."),
        "token_wrong_context": _("This link is not valid for this action. Your order was not skipped."),
        "subscription_already_active": _("Your order can no longer be changed. No changes have been made."),
        "other": _("Your order was not skipped."),
    },
)
