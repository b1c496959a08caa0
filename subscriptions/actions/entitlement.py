"""The verbs of entitlements: access to digital goods, granted by plans with each placed order or manually."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import checks, order_items, orders
from subscriptions.actions.core import ActionContext, action
from subscriptions.actions.subjects import attach_customer
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Entitlement, Grantee, Item, Product, Resource, ResourceGrant, Subscription

LONGEST_GRANT = 100 * 366 * 24 * 3600  # seconds


@action("entitlement.grant")
def grant(
    context: ActionContext[Subscription], *, resource: Resource, seconds: int, grace_period: int | None = None
) -> str:
    """Add `seconds` to the subscriber's access to a resource, counted from its end, or from now if it has ended.

    `grace_period` is in seconds. `context.result` is the entitlement.
    """
    checks.require_whole_number("seconds", seconds, most=LONGEST_GRANT)
    context.result = _extend_entitlement(
        context.subject, context.subject.product, checks.require_own_row(context, resource), seconds, grace_period
    )
    last_day = calendar.local_time(context.result.expiration, context.customer.merchant.time_zone).date()
    return f"Granted access to {resource} until {calendar.human_date(last_day)}."


@action("entitlement.modify_expiration")
def modify_expiration(context: ActionContext[Entitlement], *, day: date, correct_renewal: bool = True) -> str:
    """End access on `day` (23:59:59 UTC), today or later in the merchant's zone.

    With `correct_renewal` the upcoming item of a live subscription moves to that day too. `context.result` is then the
    item's order, or else None.
    """
    entitlement = context.subject
    checks.require_today_or_later(context, day)
    entitlement.expiration, entitlement.live = datetime.combine(day, time(23, 59, 59), UTC), True
    _save_entitlement(entitlement, "expiration", "live")
    subscription = entitlement.subscription
    if correct_renewal and subscription is not None and subscription.live:
        item = order_items.upcoming_item(subscription)
        context.result = orders.move_item(context, item, item.order.order_key._replace(place_date=day))
        context.emit(catalogue.ORDER_CHANGE_DATE, context.result)
    return f"Changed the end of access to {entitlement.resource} to {calendar.human_date(day)}."


@action("entitlement.expire")
def expire(context: ActionContext[Entitlement]) -> str:
    """End access once its time and grace period are over."""
    if not context.subject.live:
        raise refused("entitlement_ended")
    if calendar.now() < context.subject.grace_end:
        raise refused("entitlement_running")
    context.subject.live = False
    _save_entitlement(context.subject, "live")
    return f"The access to {context.subject.resource} has expired."


@action("entitlement.void")
def void(context: ActionContext[Entitlement]) -> str:
    """End access at once, even if time is left."""
    if not context.subject.live:
        raise refused("entitlement_ended")
    context.subject.live = False
    _save_entitlement(context.subject, "live")
    return f"Revoked the access to {context.subject.resource}."


def grant_plans(context: ActionContext[Any], items: Iterable[Item]) -> None:
    """Grant the access that plans among a placed order's items add, as part of an action."""
    for item in items:
        subscription = item.subscription
        if subscription is None or item.product.product_type != Product.Type.PLAN:
            continue
        attach_customer(subscription, context.customer)
        grant_plan(subscription, item.product)
        item.has_entitlements = True  # type: ignore[attr-defined]  # an annotation of `payloads.with_entitlement_flag`


def grant_plan(subscription: Subscription, plan: Product, grantees: Iterable[tuple[str, str]] = ()) -> None:
    """Grant the access that one order of `plan` adds, as part of an action.

    `grantees` (pairs of name and shop id) share that access.
    """
    for each in ResourceGrant.objects.filter(product=plan).select_related("resource").order_by("id"):
        entitlement = _extend_entitlement(subscription, plan, each.resource, each.time_amount, each.grace_period)
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
    # Payloads look for entitlements only where this flag is set.
    subscription.has_entitlements = True  # type: ignore[attr-defined]  # an annotation of `with_flags()`
    return entitlement


def _save_entitlement(entitlement: Entitlement, *names: str) -> None:
    entitlement.last_updated = calendar.now()
    update(entitlement, *names, "last_updated")
