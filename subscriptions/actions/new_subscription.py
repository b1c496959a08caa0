"""How every subscription starts: from a checkout, from staff or from an item of an order."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import checks, entitlement
from subscriptions.actions.core import ActionContext
from subscriptions.events import catalogue
from subscriptions.models import Address, Offer, Payment, Product, Subscription


def start_subscription(
    context: ActionContext[Any],
    *,
    product: Product,
    payment: Payment,
    address: Address,
    quantity: int,
    every: int,
    every_period: int,
    offer: Offer | None = None,
    price: Decimal | None = None,
    origin: Subscription.Origin = Subscription.Origin.CHECKOUT,
    start_date: date | None = None,
    grantees: Sequence[tuple[str, str]] = (),
    **details: Any,
) -> Subscription:
    """Create a subscription as part of an action and emit its event; the caller creates its first item.

    `price` locks the unit price. A plan bought in a checkout grants access at once; `grantees` (pairs of name and
    shop id) share that access. The customer's very first subscription emits `subscriber.create` too.
    """
    customer = context.customer
    checks.require_frequency(every, every_period)
    subscription = Subscription(
        merchant=customer.merchant,
        customer=customer,
        product=checks.require_product_for_sale(checks.require_own_row(context, product)),
        payment=checks.require_usable_record(context, payment),
        shipping_address=checks.require_usable_record(context, address),
        offer=offer and checks.require_own_row(context, offer),
        quantity=checks.require_whole_number("quantity", quantity),
        price=None if price is None else checks.require_amount("price", price),
        every=every,
        every_period=every_period,
        raw_subscription_type=origin,
        start_date=start_date or calendar.today(customer.merchant.time_zone),
        reminder_days=customer.merchant.reminder_days,
        currency_code=customer.merchant.currency_code,
        **details,
    )
    insert(subscription)
    subscription.has_entitlements = False  # type: ignore[attr-defined]  # an annotation of `with_flags()`
    if not subscription.awaits_first_order and product.product_type == Product.Type.PLAN:
        entitlement.grant_plan(subscription, product, grantees)
    context.emit(catalogue.SUBSCRIPTION_CREATE, subscription)
    if customer.first_subscribed is None:
        _mark_first_subscription(context, subscription)
    return subscription


def _mark_first_subscription(context: ActionContext[Any], subscription: Subscription) -> None:
    # An imported customer may have subscriptions that emitted no event.
    others = context.customer.subscriptions.exclude(pk=subscription.pk).order_by("created")
    earliest = others.values_list("created", flat=True).first()
    context.customer.first_subscribed = earliest or calendar.now()
    update(context.customer, "first_subscribed")
    if earliest is None:
        context.emit(catalogue.SUBSCRIBER_CREATE, context.customer, subscriptions=[subscription])
