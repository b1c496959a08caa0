"""Subscription upsell: starts a subscription whose first item is on the token's order."""

from functools import partial

from django.utils.translation import gettext_noop as _

from oneclick.models import Action, ActionToken
from oneclick.redemption import parameters
from oneclick.redemption.link_actions.link_action import (
    Frequency,
    LinkAction,
    Message,
    Parameters,
    Result,
    token_order,
)
from oneclick.redemption.link_actions.upsell import UPSELL_PARAMETERS, describe_product, read_upsell
from subscriptions.actions import item as item_actions
from subscriptions.actors import Actor
from subscriptions.calendar import Period

FREQUENCY_PARAMETERS = ("og_every", "og_every_period")


def add_subscription(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """Create a subscription with the order's payment and address; its first item joins the order."""
    upsell = read_upsell(token, given, autoship_enabled=True)
    frequency = Frequency(
        parameters.read_whole_number(given, "og_every", parameters.MAX_EVERY),
        parameters.read_whole_number(given, "og_every_period", len(Period)),
    )
    order = token_order(token)
    context = item_actions.add_with_subscription(order, actor=actor, **upsell, **frequency._asdict())
    message = Message({"product_name": upsell["product"].name, "frequency_description": frequency})
    return Result(context, message, context.subject)


SUBSCRIPTION_UPSELL = LinkAction(
    name="subscription_upsell",
    action=Action.UPSELL,
    scope=ActionToken.Scope.ORDER,
    parameters=UPSELL_PARAMETERS + FREQUENCY_PARAMETERS,
    required=("og_product_id", *FREQUENCY_PARAMETERS),
    perform=add_subscription,
    undone_facts=lambda undone: {"product_name": undone.subject.product.name},
    question_facts=partial(describe_product, autoship_enabled=True),
    label="Subscription upsell",
    about="Adds a subscription that starts with the next order",
    icon="library_add",
    badge="primary",
    sms_text="Your next order ships soon. Add this to every one: {link}",
    interface_code="subscribe",
    question=_(
        "Subscribe to {product_name}? Quantity: {quantity}, every {frequency}. Price before discounts: {price}."
    ),
    button=_("Subscribe"),
    undone=_("Your subscription to {product_name} is cancelled again."),
    messages={
        "success": _("Your subscription to {product_name} was created. Delivery frequency: {frequency_description}."),
        "invalid_token": _("The link is invalid. The subscription was not created."),
        "expired_token": _("This link is expired. The subscription was not created."),
        "token_already_used": _("This link was previously used. The subscription was not created."),
        "token_wrong_context": _("This link is not valid for this action. The subscription was not created."),
        "missing_og_product_id": _(
            "There was a technical error. The subscription was not created. "
            'Please share the following code with customer service: "missing_og_product_id".'
        ),
        "invalid_og_product_id": _("The product is unavailable or invalid. The subscription was not created."),
        "invalid_og_offer_id": _(
            "The discount associated with your link is invalid. The subscription was not created."
        ),
        "missing_og_every": _(
            "There was a technical error. The subscription was not created. "
            'Please share the following code with customer service: "missing_og_every".'
        ),
        "missing_og_every_period": _(
            "There was a technical error. The subscription was not created. "
            'Please share the following code with customer service: "missing_og_every_period".'
        ),
        "other": _("The subscription was not created."),
    },
)
