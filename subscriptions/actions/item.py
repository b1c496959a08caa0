"""The verbs of one item of an order, and of what is added to an order."""

from decimal import Decimal

from subscriptions.actions import checks, orders, totals
from subscriptions.actions.core import Act, action
from subscriptions.actions.order import replan
from subscriptions.actions.starting import subscribe as start
from subscriptions.errors import refused
from subscriptions.models import Address, Item, Offer, Order, Payment, Product, Subscription
from subscriptions.models.prepared import update

OPEN = [checks.must_be_open]
OPEN_NOT_PREPAID = [checks.must_be_open, checks.must_not_be_prepaid]


@action("item.add", guards=OPEN)
def add(act: Act[Order], *, product: Product, quantity: int = 1, offer: Offer | None = None) -> str:
    """Add a product to this order once. `act.result` is the item."""
    item = _new(act, product, quantity, offer)
    orders.add_line(act.subject, item)
    act.result = item
    return f"Added {item.quantity} × {product} to the order, once."


@action("item.add_with_subscription", guards=OPEN)
def add_with_subscription(
    act: Act[Order],
    *,
    product: Product,
    quantity: int,
    every: int,
    every_period: int,
    offer: Offer | None = None,
    payment: Payment | None = None,
    address: Address | None = None,
    price: Decimal | None = None,
) -> str:
    """Add a product to this order and subscribe to it. `act.result` is its item; what is not given is the order's."""
    order = act.subject
    item = _new(act, product, quantity, offer)
    subscription = start(
        act,
        product=product,
        payment=checks.chosen(act, payment) if payment else order.payment,
        address=checks.chosen(act, address) if address else order.shipping_address,
        quantity=item.quantity,
        every=every,
        every_period=every_period,
        offer=offer,
        price=price,
        origin=Subscription.Origin.UPSELL,
    )
    item.subscription, item.one_time, item.price = subscription, False, totals.unit_price(subscription)
    orders.add_line(order, item)
    act.result = item
    return f"Subscribed to {item.quantity} × {product}, {_often(subscription)}, from this order on."


@action("item.subscribe", guards=OPEN)
def subscribe(act: Act[Item], *, every: int, every_period: int, offer: Offer | None = None) -> str:
    """Turn a one-time item into the first of a subscription, which is `act.result`."""
    item, order = act.subject, act.subject.order
    if not item.one_time:
        raise refused("not_one_time")
    subscription = start(
        act,
        product=checks.for_sale(item.product),
        payment=order.payment,
        address=order.shipping_address,
        quantity=item.quantity,
        every=every,
        every_period=every_period,
        offer=offer and checks.own(act, offer),
        origin=Subscription.Origin.UPSELL,
    )
    item.subscription, item.one_time, item.offer = subscription, False, offer or item.offer
    update(item, "subscription", "one_time", "offer")
    orders.settle_item(item)
    act.result = subscription
    return f"Subscribed to {item.quantity} × {item.product}, {_often(subscription)}."


@action("item.change_quantity", guards=OPEN_NOT_PREPAID)
def change_quantity(act: Act[Item], *, quantity: int) -> str:
    """In this order only."""
    item = act.subject
    item.quantity = checks.whole("quantity", quantity)
    _save(item, "quantity")
    return f"Changed the quantity of {item.product} from {act.before.quantity} to {quantity}, in this order."


@action("item.change_price", guards=OPEN_NOT_PREPAID)
def change_price(act: Act[Item], *, price: Decimal) -> str:
    """Set the unit price by hand, in this order only; it stays whatever the product's becomes."""
    item = act.subject
    item.price, item.frozen = checks.amount("price", price), True
    _save(item, "price", "frozen")
    return f"Changed the price of {item.product} from {act.before.price} to {price}, in this order."


@action("item.change_product", guards=OPEN)
def change_product(act: Act[Item], *, product: Product) -> str:
    """Swap the product in this order only; the subscription keeps its own."""
    item, was = act.subject, act.subject.product
    item.product = checks.for_sale(checks.own(act, product))
    locked = item.frozen or (item.subscription and item.subscription.price is not None)
    item.price = item.price if locked else product.price
    if item.subscription and item.subscription.prepaid_orders_remaining and product.price != was.price:
        raise refused("price_differs")
    _save(item, "product", "price")
    return f"Swapped {was} for {product}, in this order."


@action("item.remove", guards=OPEN_NOT_PREPAID)
def remove(act: Act[Item]) -> str:
    """Take it off its order. A subscription's item is made anew at its next date, `act.result`."""
    item = act.subject
    if item.subscription:
        act.result = replan(act, item)
    else:
        orders.remove(act.customer, item)
    return f"Removed {item.quantity} × {item.product} from the order."


def _new(act: Act[Order], product: Product, quantity: int, offer: Offer | None) -> Item:
    checks.for_sale(checks.own(act, product))
    return Item(
        merchant=act.customer.merchant,
        order=act.subject,
        product=product,
        offer=offer and checks.own(act, offer),
        quantity=checks.whole("quantity", quantity),
        price=product.price,
        one_time=True,
    )


def _save(item: Item, *names: str) -> None:
    update(item, *names)
    orders.settle_item(item)


def _often(subscription: Subscription) -> str:
    return subscription.frequency_description.lower()
