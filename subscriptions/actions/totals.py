"""What an order costs: the only place that prices items and adds up orders."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from subscriptions import calendar
from subscriptions.actions import discounts
from subscriptions.actions.discounts import (
    ON_ITEM,
    ON_ORDER,
    ON_SHIPPING,
    SHIPPING_TOTAL,
    SUB_TOTAL,
    TOTAL_PRICE,
    Offered,
    Promised,
)
from subscriptions.errors import refused
from subscriptions.models import Item, OneTimeIncentive, Order, Subscription

ZERO = Decimal("0.00")
LARGEST = Decimal("9999999999.99")  # of a line or an order that a request may ask for


def unit_price(subscription: Subscription) -> Decimal:
    """The subscription's locked price, or else its product's price."""
    price: Decimal = subscription.product.price if subscription.price is None else subscription.price
    return price


def current_price(item: Item) -> Decimal:
    """The current unit price: the manually set one (`frozen`), else the subscription's locked one or the product's."""
    locked = item.subscription.price if item.subscription else None
    price: Decimal = item.price if item.frozen else item.product.price if locked is None else locked
    return price


def full_price(item: Item) -> Decimal:
    """The price before discounts. The first order of a prepaid cycle charges all of its orders, the others nothing."""
    price: Decimal = item.price * item.quantity
    subscription = item.subscription
    if subscription is None or subscription.prepaid_orders_per_billing is None:
        price += item.extra_cost
        return price
    return ZERO if subscription.prepaid_orders_remaining else cycle_price(item)


def cycle_price(item: Item) -> Decimal:
    """The full price of the item when its prepaid cycle is charged; zero if it has none."""
    per_billing = item.subscription and item.subscription.prepaid_orders_per_billing
    cycle: Decimal = item.price * item.quantity * (per_billing or 0)
    return cycle


def is_too_large(order: Order, items: Iterable[Item]) -> bool:
    """Whether a line or the total of a recounted order, or what a later prepaid cycle charges, is above LARGEST."""
    lines = (amount for item in items for amount in (item.total_price, cycle_price(item)))
    return any(amount > LARGEST for amount in (order.total, *lines))


def require_payable(order: Order, items: Iterable[Item]) -> None:
    """For verbs that change what an order costs; those that only continue a cycle must not fail here."""
    if is_too_large(order, items):
        raise refused("amount_too_large")


def recount_order(order: Order, items: Iterable[Item]) -> list[Item]:
    """`recount_orders` for one order."""
    return recount_orders([(order, list(items))])


def recount_orders(orders: Sequence[tuple[Order, Sequence[Item]]]) -> list[Item]:
    """Set the totals of orders of one merchant and of all their items. Returns the items that changed; saves nothing.

    Discounts on items come off each item, those on the order off the sum of its items, and those on shipping off the
    merchant's flat rate. None takes more than there is. What applied is kept in `applied_incentives`.
    """
    offered = discounts.load_offered(item for _, items in orders for item in items)
    promised = discounts.load_promised(orders)
    changed = []
    for order, items in orders:
        known = [(item.total_price, item.applied_incentives) for item in items]
        _set_totals(order, items, offered, promised)
        now = [(item.total_price, item.applied_incentives) for item in items]
        changed += [item for item, was, amounts in zip(items, known, now, strict=True) if was != amounts]
    return changed


def _set_totals(order: Order, items: Sequence[Item], offered: Offered, promised: Promised) -> None:
    full_prices = [full_price(item) for item in items]
    listed = sum(full_prices, ZERO)
    shipping = ZERO if order.oos_free_shipping or not items else order.merchant.shipping_rate
    of_order = promised.get((order.pk, None), ())
    for item, price in zip(items, full_prices, strict=True):
        amounts = {TOTAL_PRICE: price, SUB_TOTAL: listed, SHIPPING_TOTAL: shipping}
        own = [*promised.get((None, item.pk), ()), *of_order]
        due = discounts.due_reductions(item, offered)
        item.total_price, applied = discounts.reduce_amount(price, ON_ITEM, amounts, due, own)
        gifts = [each for each in item.applied_incentives or () if each["type"] == OneTimeIncentive.Type.GIFT]
        item.applied_incentives = [*gifts, *applied] or None
    net = sum((item.total_price for item in items), ZERO)
    amounts = {TOTAL_PRICE: net, SUB_TOTAL: net, SHIPPING_TOTAL: shipping}
    # A discount on the order counts once, even if several items have its offer.
    one_item_per_offer = {item.offer_id: item for item in items if not item.frozen}.values()
    due = [reduction for item in one_item_per_offer for reduction in discounts.due_reductions(item, offered)]
    order.sub_total, on_order = discounts.reduce_amount(net, ON_ORDER, amounts, due, of_order)
    order.shipping_total, on_shipping = discounts.reduce_amount(shipping, ON_SHIPPING, amounts, due, of_order)
    order.applied_incentives = [*on_order, *on_shipping] or None
    order.discount_total = listed - order.sub_total + shipping - order.shipping_total
    order.total = order.sub_total + order.shipping_total
    order.updated = calendar.now()
