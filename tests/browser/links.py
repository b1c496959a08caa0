"""A link for each action, the messages it brings, and what it may change."""

from oneclick.tokens.token_text import encode_token
from subscriptions.models import Item, Order, OrderStatus, Subscription

UPSELL = "#og_quick_action=upsell#og_product_id=HON-1"
LINKS = {
    "delay": "#og_quick_action=delay#og_delay_by=21",
    "skip": "#og_quick_action=skip",
    "reactivate": "#og_quick_action=reactivate",
    "product": f"{UPSELL}#og_quantity=2",
    "subscription": f"{UPSELL}#og_every=2#og_every_period=2",
}
SUCCESS = {
    "delay": "Your order was delayed. Its new date is ",
    "skip": "Your order was skipped. Your next order is planned for ",
    "reactivate": "Your subscription to House blend is active again.",
    "product": "Honey was added to your order for ",
    "subscription": "Your subscription to Honey was created. Delivery frequency: Every 2 weeks.",
}
UNDONE = {
    "delay": "Your order is planned for ",
    "skip": "Your order is planned for ",
    "reactivate": "Your subscription to House blend is cancelled again.",
    "product": "Honey was taken off your order again.",
    "subscription": "Your subscription to Honey is cancelled again.",
}
ASKED = {
    "delay": ("Delay your order by 21 days?", "Delay my order"),
    "skip": ("Skip your upcoming order?", "Skip my order"),
    "reactivate": ("Start your subscription again?", "Reactivate my subscription"),
    "product": ("Add Honey to your upcoming order? Quantity: 2. Price before discounts: USD 8.00.", "Add to my order"),
    "subscription": ("Subscribe to Honey? Quantity: 1, every 2 weeks. Price before discounts: USD 8.00.", "Subscribe"),
}
ACTIONS = list(LINKS)


def token_for(action: str, orders) -> str:
    token = orders.subscription_token() if action == "reactivate" else orders.order_token()
    return encode_token(token)


def order_state(orders) -> dict[str, list]:
    """Everything a click may change: the customer's open orders with their items, and subscriptions."""
    open_orders = Order.objects.filter(customer=orders.customer, status=OrderStatus.UNSENT)
    return {
        "orders": list(open_orders.order_by("place_date", "pk").values_list("pk", "place_date", "total")),
        "items": sorted(Item.objects.filter(order__in=open_orders).values_list("order", "product__name", "quantity")),
        "live": sorted(
            Subscription.objects.filter(customer=orders.customer).live().values_list("product__name", flat=True)
        ),
    }
