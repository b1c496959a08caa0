"""Orders that the platform has placed, one or several: what follows from it is worked out for all at once."""

from collections.abc import Sequence

from common.db import AnyOf, Param, Query, update_many
from subscriptions import calendar
from subscriptions.actions import bulk_orders, entitlement, order_items, orders, prepaid
from subscriptions.actions.core import ActionContext, record_actions
from subscriptions.actions.subjects import attach_customer
from subscriptions.actors import Actor
from subscriptions.events import catalogue, payloads
from subscriptions.models import Customer, Item, OneTimeIncentive, Order, OrderStatus

VERB = "order.succeed"
ITEMS = Query(
    lambda: (
        payloads.with_entitlement_flag(order_items.items_with_incentive_flag())
        .select_related("product", "subscription__product")
        .filter(merchant=Param("merchant"), order=AnyOf("orders"))
        .order_by("id")
    )
)
Found = Sequence[tuple[Order, Sequence[Item]]]


def succeed_orders(placed: Sequence[tuple[Order, str]], held: Sequence[Customer], *, actor: Actor) -> None:
    """`placement_results.succeed` for orders with their ids on the platform, in a few statements for all.

    The orders are under way, each of another of the customers `held`, and read since these are, with payment and
    shipping address.
    """
    by_key = {customer.pk: customer for customer in held}
    acts = []
    for order, _ in placed:
        customer = by_key[order.customer_id]
        acts.append(ActionContext(VERB, actor, customer, attach_customer(order, customer)))
    if acts:
        record_actions(list(zip(acts, mark_orders_placed(acts, [key for _, key in placed]), strict=True)))


def mark_orders_placed(acts: Sequence[ActionContext[Order]], order_merchant_ids: Sequence[str]) -> list[str]:
    """Prepaid cycles go on, and plans add to their entitlements; a sentence for each act.

    The orders are one merchant's, and no two of one customer.
    """
    found = _load_items([context.subject for context in acts])  # before the writes, which then need not wait for a read
    _mark_placed(found, order_merchant_ids)
    _use_incentives(found)
    for context, (_, items) in zip(acts, found, strict=True):
        entitlement.grant_plans(context, items)
    for context, facts in zip(acts, payloads.order_payloads(found), strict=True):
        context.emit(catalogue.ORDER_SUCCESS, context.subject, facts)
    for context, (_, items) in zip(acts, found, strict=True):
        prepaid.advance_cycles(context, items)
    return [
        f"Placed the order of {calendar.human_date(order.place_date)} as {order.order_merchant_id}."
        for order, _ in found
    ]


def _load_items(placed: Sequence[Order]) -> Found:
    """As `order_items.load_items`, with what the event says of them."""
    return bulk_orders.group_items_by_order(
        placed, ITEMS.all(merchant=placed[0].merchant_id, orders=[order.pk for order in placed])
    )


def _mark_placed(found: Found, order_merchant_ids: Sequence[str]) -> None:
    now = calendar.now()
    placed = [order for order, _ in found]
    for order, key in zip(placed, order_merchant_ids, strict=True):
        orders.set_status(order, OrderStatus.SUCCESS)
        order.order_merchant_id = key
        order.rejected_error_code = order.rejected_message = None
    update_many(placed, "status", "order_merchant_id", "rejected_error_code", "rejected_message", "updated")
    first = [item for _, items in found for item in items if item.first_placed is None]
    for item in first:
        item.first_placed, item.upcoming = now, False
    update_many(first, "first_placed", "upcoming")
    subscriptions = (item.subscription for _, items in found for item in items)
    begun = [row for row in subscriptions if row and row.first_placed is None]
    for subscription in begun:
        subscription.first_placed = now
    update_many(begun, "first_placed")


def _use_incentives(found: Found) -> None:
    using = {
        item.order_id
        for _, items in found
        for item in items
        if item.has_incentives  # type: ignore[attr-defined]  # an annotation of `priced()`
    }
    if using:
        granted = OneTimeIncentive.objects.filter(merchant=found[0][0].merchant_id, applied_at__isnull=True)
        of_these = granted.filter(order__in=using) | granted.filter(item__order__in=using)
        of_these.update(applied_at=calendar.now())
