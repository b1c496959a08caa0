"""Product upsell: adds a product to the token's order, once."""

from django.utils.translation import gettext_noop as _

from oneclick.models import Action, ActionToken
from oneclick.redemption.link_actions.link_action import LinkAction, Message, Parameters, Result, token_order
from oneclick.redemption.link_actions.upsell import UPSELL_PARAMETERS, describe_product, read_upsell
from subscriptions.actions import item as item_actions
from subscriptions.actors import Actor


def add_product(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    upsell = read_upsell(token, given)
    order = token_order(token)
    context = item_actions.add(order, actor=actor, **upsell)
    message = Message({"product_name": upsell["product"].name, "date": order.place_date})
    return Result(context, message, context.subject)


PRODUCT_UPSELL = LinkAction(
    name="product_upsell",
    action=Action.UPSELL,
    scope=ActionToken.Scope.ORDER,
    parameters=UPSELL_PARAMETERS,
    required=("og_product_id",),
    perform=add_product,
    undone_facts=lambda undone: {"product_name": undone.subject.product.name},
    question_facts=describe_product,
    label="Product upsell",
    about="Adds a product to the next order, once",
    icon="add_shopping_cart",
    badge="primary",
    sms_text="Your next order ships soon. Add a treat to it: {link}",
    interface_code="upsell",
    question=_("Add {product_name} to your upcoming order? Quantity: {quantity}. Price before discounts: {price}."),
    button=_("Add to my order"),
    undone=_("{product_name} was taken off your order again."),
    messages={
        "success": _("{product_name} was added to your order for {date}."),
        "invalid_token": _("The link is invalid. The product was not added to your order."),
        "expired_token": _("This link is expired. The product was not added to your order."),
        "token_already_used": _("This link was previously used. The product was not added to your order."),
        "token_wrong_context": _("This link is not valid for this action. The product was not added to your order."),
        "missing_og_product_id": _(
            "There was a technical error. The product was not added to your order. "
            'Please share the following code with customer service: "missing_og_product_id".'
        ),
        "invalid_og_product_id": _("The product is unavailable or invalid. The product was not added to your order."),
        "invalid_og_offer_id": _(
            "The discount associated with your link is invalid. The product was not added to your order."
        ),
        "other": _("The product was not added to your order."),
    },
)
