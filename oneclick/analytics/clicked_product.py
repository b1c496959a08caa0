"""The product that a click is about: the one that its link adds, its subscription's, or the only one of its order."""

from common.db import Param, Query
from oneclick.models import ActionToken
from oneclick.redemption.link_actions import LINK_ACTIONS
from subscriptions.models import Item, Product

ADDED = Query(
    lambda: Product.objects.only("pk").filter(merchant=Param("merchant"), external_product_id=Param("external_id"))
)
ORDERED = Query(lambda: Item.objects.only("product").filter(order=Param("order")))


def find_product_id(token: ActionToken, action: str, added: str) -> int | None:
    """None for an order of several products, or a product that does not exist.

    `action` is a link action's name, `added` the shop's id of the product that an upsell names.
    """
    if "og_product_id" in LINK_ACTIONS[action].parameters:
        found = {product.pk for product in ADDED.all(merchant=token.merchant_id, external_id=added)}
    elif token.subscription:
        return token.subscription.product_id
    else:
        found = {item.product_id for item in ORDERED.all(order=token.order_id)} if token.order_id else set()
    return found.pop() if len(found) == 1 else None
