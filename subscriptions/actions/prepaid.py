"""The verbs of prepaid cycles: the first order of a cycle charges all of its orders, the others cost nothing."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from common.db import update
from subscriptions import calendar
from subscriptions.actions import checks, order_items
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.actions.ending import end_subscription
from subscriptions.actions.subjects import attach_customer
from subscriptions.errors import refused
from subscriptions.models import Item, Offer, ProductGroup, Subscription

CYCLE_COLUMNS = ("prepaid_orders_per_billing", "prepaid_orders_remaining", "renewal_behavior")
ENDED_REASON = "Prepaid cycle ended"
ELIGIBLE_GROUP = "prepaid"


def must_be_prepaid(context: ActionContext[Subscription]) -> None:
    if not context.subject.has_prepaid:
        raise refused("not_prepaid")


def must_be_upgradable(context: ActionContext[Subscription]) -> None:
    subscription = context.subject
    if subscription.has_prepaid:
        raise refused("already_prepaid")
    if not (context.customer.merchant.prepaid_enabled and _is_eligible(subscription)):
        raise refused("prepaid_unavailable")


@action("prepaid.upgrade", guards=[checks.must_be_live, must_be_upgradable])
def upgrade(
    context: ActionContext[Subscription],
    *,
    orders_per_billing: int,
    renewal_behavior: str = Subscription.Renewal.AUTORENEW,
    offer: Offer | None = None,
) -> str:
    """Make the subscription prepaid: its next order charges `orders_per_billing` orders at once."""
    subscription = context.subject
    _set_cycle(context, orders_per_billing, 0, renewal_behavior)
    if offer:
        subscription.offer = checks.require_own_row(context, offer)
        update(subscription, "offer")
        subscription.items.filter(upcoming=True).update(offer=offer)
    order_items.save_totals_around_item(order_items.upcoming_item(subscription))
    return f"Made the subscription to {subscription.product} prepaid: {orders_per_billing} orders per billing."


@action("prepaid.change_renewal_behavior", guards=[must_be_prepaid])
def change_renewal_behavior(context: ActionContext[Subscription], *, renewal_behavior: str) -> str:
    """Change what happens once all orders of the cycle are delivered."""
    subscription = context.subject
    has_changed = _set_cycle(
        context,
        subscription.prepaid_orders_per_billing or 0,
        subscription.prepaid_orders_remaining or 0,
        renewal_behavior,
    )
    if not has_changed:
        return UNCHANGED
    behavior = subscription.get_renewal_behavior_display()
    return f"Changed what follows the prepaid orders of {subscription.product}: {behavior}."


@action("prepaid.change_context", guards=[must_be_prepaid])
def change_context(
    context: ActionContext[Subscription],
    *,
    orders_per_billing: int | None = None,
    orders_remaining: int | None = None,
    renewal_behavior: str | None = None,
) -> str:
    """Correct the cycle; None keeps a value as it is.

    The subscription is cancelled at once if no order is left and its renewal behaviour is `cancel`.
    """
    subscription = context.subject
    has_changed = _set_cycle(
        context,
        subscription.prepaid_orders_per_billing or 0 if orders_per_billing is None else orders_per_billing,
        subscription.prepaid_orders_remaining or 0 if orders_remaining is None else orders_remaining,
        renewal_behavior or subscription.renewal_behavior or "",
    )
    is_over = subscription.prepaid_orders_remaining == 0
    if subscription.live and is_over and subscription.renewal_behavior == Subscription.Renewal.CANCEL:
        end_subscription(context, subscription, ENDED_REASON)
    elif not has_changed:
        return UNCHANGED
    elif subscription.live:
        order_items.save_totals_around_item(order_items.upcoming_item(subscription))
    remaining, per_billing = subscription.prepaid_orders_remaining, subscription.prepaid_orders_per_billing
    return f"Changed the prepaid cycle of {subscription.product}: {remaining} of {per_billing} orders are left."


def advance_cycles(context: ActionContext[Any], items: Iterable[Item]) -> None:
    """Count the items of a placed order in their prepaid cycles, as part of an action.

    A cycle that ends is renewed or dropped, or its subscription is cancelled, as its renewal behaviour says. The next
    items were created before this order was placed, so their prices are updated here.
    """
    for item in items:
        subscription = item.subscription
        if subscription is None or subscription.prepaid_orders_per_billing is None:
            continue
        attach_customer(subscription, context.customer)
        if subscription.prepaid_orders_remaining:
            subscription.prepaid_orders_remaining -= 1
        else:
            subscription.prepaid_orders_remaining = subscription.prepaid_orders_per_billing - 1
            subscription.last_renewal_revenue = item.total_price
            subscription.prepaid_origin_merchant_order_id = item.order.order_merchant_id
        _save_subscription(
            subscription, "prepaid_orders_remaining", "last_renewal_revenue", "prepaid_origin_merchant_order_id"
        )
        if subscription.live:
            _renew_cycle(context, subscription)


def eligible_groups() -> QuerySet[ProductGroup]:
    """The groups whose products can be prepaid."""
    return ProductGroup.objects.filter(group_type=ProductGroup.Type.ELIGIBILITY, name=ELIGIBLE_GROUP)


def _is_eligible(subscription: Subscription) -> bool:
    known: bool | None = getattr(subscription, "is_prepaid_eligible", None)  # an annotation of pages with many
    return eligible_groups().filter(products=subscription.product_id).exists() if known is None else known


def _renew_cycle(context: ActionContext[Any], subscription: Subscription) -> None:
    if subscription.prepaid_orders_remaining == 0:
        if subscription.renewal_behavior == Subscription.Renewal.CANCEL:
            end_subscription(context, subscription, ENDED_REASON)
            return
        if subscription.renewal_behavior == Subscription.Renewal.DOWNGRADE:
            for name in CYCLE_COLUMNS:
                setattr(subscription, name, None)
            _save_subscription(subscription, *CYCLE_COLUMNS)
    order = order_items.upcoming_item(subscription).order
    order_items.save_totals(order, order_items.load_items(order))


def _set_cycle(context: ActionContext[Subscription], per_billing: int, remaining: int, renewal_behavior: str) -> bool:
    """Save these values of the cycle; False, without a write, if it has them."""
    subscription = context.subject
    if renewal_behavior not in Subscription.Renewal.values:
        raise refused("invalid_value", name="renewal_behavior", rule=f"one of {', '.join(Subscription.Renewal.values)}")
    subscription.prepaid_orders_per_billing = checks.require_whole_number("orders_per_billing", per_billing, least=2)
    subscription.prepaid_orders_remaining = checks.require_whole_number("orders_remaining", remaining, least=0)
    subscription.renewal_behavior = renewal_behavior
    if not context.has_changed(*CYCLE_COLUMNS):
        return False
    _save_subscription(subscription, *CYCLE_COLUMNS)
    return True


def _save_subscription(subscription: Subscription, *names: str) -> None:
    subscription.updated = calendar.now()
    update(subscription, *names, "updated")
