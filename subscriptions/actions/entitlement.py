"""The verbs of access to digital goods: granted by plans with each placed order, or by hand."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import checks, order_items, orders
from subscriptions.actions.core import ActionContext, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Entitlement, Grantee, Item, OrderKey, Product, Resource, ResourceGrant, Subscription

LONGEST = 100 * 366 * 24 * 3600  # seconds


@action("entitlement.grant")
def grant(
    context: ActionContext[Subscription], *, resource: Resource, seconds: int, grace_period: int | None = None
) -> str:
    """Add time to the subscriber's access by hand, counted from now or the end of what they have.

    `grace_period` is in seconds. `context.result` is the entitlement.
    """
    checks.require_whole_number("seconds", seconds, most=LONGEST)
    context.result = _extend_entitlement(
        context.subject, context.subject.product, checks.require_own_row(context, resource), seconds, grace_period
    )
    return f"Granted {resource} until {_last_day(context, context.result)}."


@action("entitlement.modify_expiration")
def modify_expiration(context: ActionContext[Entitlement], *, day: date, correct_renewal: bool = True) -> str:
    """Let access end with `day` (23:59:59 UTC), today or later in the merchant's zone.

    The upcoming order of its subscription moves to that day as well, unless that is switched off or it cannot be
    moved any more. `context.result` is the order that was moved, or None.
    """
    entitlement = context.subject
    checks.require_today_or_later(context, day)
    entitlement.expiration, entitlement.live = datetime.combine(day, time(23, 59, 59), UTC), True
    _save_entitlement(entitlement, "expiration", "live")
    subscription = entitlement.subscription
    if correct_renewal and subscription is not None and subscription.live:
        item = order_items.upcoming_item(subscription)
        order_key = OrderKey(day, item.order.payment_id, item.order.shipping_address_id)
        context.result = orders.move_item(context.customer, item, order_key)
        context.emit(catalogue.ORDER_CHANGE_DATE, context.result)
    return f"Changed the end of {entitlement.resource} to {calendar.human_date(day)}."


@action("entitlement.expire")
def expire(context: ActionContext[Entitlement]) -> str:
    """End access whose time and grace period are over."""
    if not context.subject.live:
        raise refused("entitlement_ended")
    if calendar.now() < context.subject.grace_end:
        raise refused("entitlement_running")
    _end(context.subject)
    return f"The access to {context.subject.resource} has expired."


@action("entitlement.void")
def void(context: ActionContext[Entitlement]) -> str:
    """End access at once, whatever time is left."""
    if not context.subject.live:
        raise refused("entitlement_ended")
    _end(context.subject)
    return f"Took back the access to {context.subject.resource}."


def grant_plans(context: ActionContext[Any], lines: Iterable[Item]) -> None:
    """What the plans among the lines of a placed order add, as part of an act."""
    for line in lines:
        subscription = line.subscription
        if subscription is None or line.product.product_type != Product.Type.PLAN:
            continue
        subscription.customer, subscription.merchant = context.customer, context.customer.merchant
        grant_plan(subscription, line.product)
        line.has_entitlements = True  # type: ignore[attr-defined]  # an annotation of `payloads.with_entitlement_flag`


def grant_plan(subscription: Subscription, plan: Product, grantees: Iterable[tuple[str, str]] = ()) -> None:
    """What one order of `plan` adds, as part of an act. `grantees` are the names and shop's ids of who shares it."""
    for given in ResourceGrant.objects.filter(product=plan).select_related("resource").order_by("id"):
        entitlement = _extend_entitlement(subscription, plan, given.resource, given.time_amount, given.grace_period)
        Grantee.objects.bulk_create(
            [
                Grantee(merchant=entitlement.merchant, entitlement=entitlement, name=name, external_id=external_id)
                for name, external_id in grantees
            ],
            ignore_conflicts=True,
        )


def _extend_entitlement(
    subscription: Subscription, product: Product, resource: Resource, seconds: int, grace_period: int | None
) -> Entitlement:
    now = calendar.now()
    held = Entitlement.objects.filter(merchant=subscription.merchant, subscription=subscription, resource=resource)
    entitlement = held.first() or Entitlement(
        merchant=subscription.merchant,
        customer=subscription.customer,
        subscription=subscription,
        resource=resource,
        expiration=now,
        initial_activation_date=now,
    )
    if not entitlement.live or entitlement.expiration < now:
        entitlement.expiration = now
    entitlement.expiration += timedelta(seconds=seconds)
    entitlement.product, entitlement.live, entitlement.latest_activation_date = product, True, now
    entitlement.grace_period = grace_period
    if entitlement.pk:
        _save_entitlement(entitlement, "product", "live", "latest_activation_date", "expiration", "grace_period")
    else:
        insert(entitlement)
    # The payloads of this act look for entitlements only where a row was read with some.
    subscription.has_entitlements = True  # type: ignore[attr-defined]  # an annotation of `surveyed()`
    return entitlement


def _end(entitlement: Entitlement) -> None:
    entitlement.live = False
    _save_entitlement(entitlement, "live")


def _save_entitlement(entitlement: Entitlement, *names: str) -> None:
    entitlement.last_updated = calendar.now()
    update(entitlement, *names, "last_updated")


def _last_day(context: ActionContext[Any], entitlement: Entitlement) -> str:
    return calendar.human_date(calendar.local_time(entitlement.expiration, context.customer.merchant.time_zone).date())
