"""What both upsells have in common."""

from typing import Any

from oneclick.models import ActionToken
from oneclick.redemption import parameters
from oneclick.redemption.link_actions.link_action import Facts, Parameters, Price
from subscriptions.models import Merchant

UPSELL_PARAMETERS = ("og_product_id", "og_offer_id", "og_quantity")


def read_upsell(token: ActionToken, given: Parameters, **traits: bool) -> dict[str, Any]:
    """Product, offer and quantity, as the domain's actions take them; the product must have these `traits`."""
    return {
        "product": parameters.find_product(token.merchant, given, **traits),
        "offer": parameters.find_offer(token.merchant, given),
        "quantity": parameters.read_whole_number(given, "og_quantity", parameters.MAX_QUANTITY),
    }


def describe_product(merchant: Merchant, given: Parameters, **traits: bool) -> Facts:
    """The product and its price, for the question. Raises Refused if links may not add it."""
    parameters.require_parameters(given, ("og_product_id",))
    product = parameters.find_product(merchant, given, **traits)
    return {"product_name": product.name, "price": Price(product.price, merchant.currency_code)}
