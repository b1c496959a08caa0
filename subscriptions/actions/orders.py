"""What actions do to orders and their items: which order an item joins, prices, totals, emptied orders."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.utils import timezone

from subscriptions.models import FAILING, Item, Order, OrderStatus, Subscription
from subscriptions.models.prepared import Given, Prepared, insert

ZERO = Decimal("0.00")
MATCHING = Prepared(
    lambda: Order.objects.open().filter(
        merchant=Given("merchant_id"),
        customer=Given("customer_id"),
        place_date=Given("place_date"),
        payment=Given("payment_id"),
        shipping_address=Given("shipping_address_id"),
    )
)


def add_subscription_item(subscription: Subscription, day: date) -> Item:
    """Give `subscription` its upcoming item on `day`, on the open order of that date, payment and address."""
    order = _matching_order(subscription, day)
    price, total_price = line(subscription)
    item = Item(
        merchant=subscription.merchant,
        order=order,
        subscription=subscription,
        product=subscription.product,
        offer_id=subscription.offer_id,
        quantity=subscription.quantity,
        price=price,
        total_price=total_price,
    )
    recount(order, [*order.items.all(), item] if order.pk else [item])
    if order.pk:
        order.save()
    else:
        insert(order)
    item.order = order
    insert(item)
    return item


def remove_upcoming_item(subscription: Subscription) -> None:
    """Take the upcoming item of `subscription` off its order; an order left empty goes away."""
    lines = Item.objects.filter(
        merchant=subscription.merchant, order__items__subscription=subscription, order__items__upcoming=True
    ).select_related("order")
    others = []
    order = None
    for item in lines:
        if item.subscription_id == subscription.pk:
            order = item.order
            item.delete()
        else:
            others.append(item)
    if order is None:
        return
    if others:
        recount(order, others)
        order.save()
    else:
        order.delete()


def cancel_failing_orders(subscription: Subscription) -> list[Order]:
    """Cancel the orders in a retry flow that hold nothing but items of `subscription`."""
    failing = Order.objects.filter(
        merchant=subscription.merchant,
        customer=subscription.customer,
        status__in=FAILING,
        items__subscription=subscription,
    ).select_related("payment", "shipping_address")
    alone = [order for order in failing.distinct() if not order.items.exclude(subscription=subscription).exists()]
    for order in alone:
        order.customer, order.merchant = subscription.customer, subscription.merchant
        order.status = OrderStatus.CANCELLED
        order.cancelled = order.updated = timezone.now()
        order.save(update_fields=["status", "cancelled", "updated"])
    return alone


def line(subscription: Subscription) -> tuple[Decimal, Decimal]:
    """Unit price and line total of the subscription's next item.

    Of a prepaid cycle the first order charges all of them, the others nothing.
    """
    unit = subscription.product.price if subscription.price is None else subscription.price
    total = unit * subscription.quantity
    if subscription.prepaid_orders_per_billing is None:
        return unit, total
    return (
        unit,
        ZERO if subscription.prepaid_orders_remaining else total * subscription.prepaid_orders_per_billing,
    )


def recount(order: Order, items: Iterable[Item]) -> None:
    """Set the order's totals from its items; the caller saves. The one place that adds up an order."""
    lines = list(items)
    order.sub_total = sum((item.total_price for item in lines), ZERO)
    listed = sum((item.price * item.quantity + item.extra_cost for item in lines), ZERO)
    # A prepaid cycle's first order charges more than its own list price; that is no negative discount.
    order.discount_total = max(ZERO, listed - order.sub_total)
    order.total = order.sub_total + order.shipping_total
    order.updated = timezone.now()


def _matching_order(subscription: Subscription, day: date) -> Order:
    fields = {
        "merchant_id": subscription.merchant_id,
        "customer_id": subscription.customer_id,
        "place_date": day,
        "payment_id": subscription.payment_id,
        "shipping_address_id": subscription.shipping_address_id,
    }
    found = MATCHING.all(**fields)
    return found[0] if found else Order(**fields, currency_code=subscription.currency_code)
