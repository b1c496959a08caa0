"""Placed orders in bulk: the same code for one order or many, in a few statements."""

from collections.abc import Sequence

from common.db import AnyOf, Param, Query, update_many
from subscriptions import calendar
from subscriptions.actions import bulk_orders, entitlement, order_items, order_status, prepaid
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
OrdersWithItems = Sequence[tuple[Order, Sequence[Item]]]


def succeed_orders(placed: Sequence[tuple[Order, str]], locked: Sequence[Customer], *, actor: Actor) -> None:
    """`placement_results.succeed` for orders of one merchant, each with its id on the platform.

    The orders must await a placement result and belong to different customers, all in `locked`. Read them with payment
    and shipping address after locking the customers.
    """
    if not placed:
        return
    by_key = {customer.pk: customer for customer in locked}
    contexts = [
        ActionContext(VERB, actor, by_key[order.customer_id], attach_customer(order, by_key[order.customer_id]))
        for order, _ in placed
    ]
    sentences = mark_orders_placed(contexts, [order_merchant_id for _, order_merchant_id in placed])
    record_actions(list(zip(contexts, sentences, strict=True)))


def mark_orders_placed(contexts: Sequence[ActionContext[Order]], order_merchant_ids: Sequence[str]) -> list[str]:
    """Mark orders of one merchant as placed, at most one per customer. Returns the sentence for each.

    Prepaid cycles advance, and plans extend their entitlements.
    """
    placed = [context.subject for context in contexts]
    # Read before any write: inside a pipeline, a read would wait for all writes before it.
    items = ITEMS.all(merchant=placed[0].merchant_id, orders=[order.pk for order in placed])
    orders_with_items = bulk_orders.group_items_by_order(placed, items)
    _mark_placed(orders_with_items, order_merchant_ids)
    _use_incentives(orders_with_items)
    for context, (_, own_items) in zip(contexts, orders_with_items, strict=True):
        entitlement.grant_plans(context, own_items)
    facts_of_orders = payloads.order_payloads(orders_with_items)
    for context, (_, own_items), facts in zip(contexts, orders_with_items, facts_of_orders, strict=True):
        context.emit(catalogue.ORDER_SUCCESS, context.subject, facts)
        for item in own_items:
            context.emit(catalogue.ITEM_PLACED, item)
    for context, (_, own_items) in zip(contexts, orders_with_items, strict=True):
        prepaid.advance_cycles(context, own_items)
    return [
        f"Placed the order of {calendar.human_date(order.place_date)} as {order.order_merchant_id}." for order in placed
    ]


def _mark_placed(placed: OrdersWithItems, order_merchant_ids: Sequence[str]) -> None:
    now = calendar.now()
    for (order, _), order_merchant_id in zip(placed, order_merchant_ids, strict=True):
        order_status.set_status(order, OrderStatus.SUCCESS)
        order.order_merchant_id = order_merchant_id
        order.rejected_error_code = order.rejected_message = None
    columns = ("status", "order_merchant_id", "rejected_error_code", "rejected_message", "updated")
    update_many([order for order, _ in placed], *columns)
    items = [item for _, own_items in placed for item in own_items]
    new_items = [item for item in items if item.first_placed is None]
    for item in new_items:
        item.first_placed, item.upcoming = now, False
    update_many(new_items, "first_placed", "upcoming")
    new_subscriptions = [
        item.subscription for item in items if item.subscription and not item.subscription.first_placed
    ]
    for subscription in new_subscriptions:
        subscription.first_placed = now
    update_many(new_subscriptions, "first_placed")


def _use_incentives(placed: OrdersWithItems) -> None:
    """Mark the one-time incentives that came off these orders and items, and the gifts among the items, as used."""
    used: set[str] = set()
    for order, items in placed:
        kept = [order.applied_incentives, *(item.applied_incentives for item in items)]
        used |= {each["publicId"] for incentives in kept for each in incentives or () if each["publicId"]}
    if used:
        unused = OneTimeIncentive.objects.filter(merchant=placed[0][0].merchant_id, applied_at__isnull=True)
        unused.filter(public_id__in=used).update(applied_at=calendar.now())
