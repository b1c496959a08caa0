"""Undoing an act by its activity: once, and only if nothing else of what it touched has changed since.

Each undo is an action that staff and customers have too, or one that restores an order.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from common.db import new_row, update
from subscriptions import calendar
from subscriptions.actions import customer_tags, item, order, order_items, restore_order, subscription
from subscriptions.actions.core import ActionContext
from subscriptions.actions.customer_lock import hold_customer
from subscriptions.actions.undo_facts import LATER_COLUMNS, Later, forbids_undo
from subscriptions.actors import Actor
from subscriptions.errors import Refused, refused
from subscriptions.models import Activity, Customer, Item, Order, OrderStatus, Subscription
from subscriptions.models.record import NOTE

# It makes no difference whether the rows or the activities reveal the change.
SUPERSEDED = {"order_not_restorable", "order_not_open", "subscription_not_active", "subscription_already_active"}


def undo(activity: Activity, *, actor: Actor) -> ActionContext[Any]:
    """Take back what `activity` tells of. Refused when it cannot be undone, or when something has changed since."""
    if activity.undo_facts is None:
        raise refused("not_undoable")
    with hold_customer(activity.customer_id, activity.merchant_id) as customer:
        if is_superseded(activity, later_activities(activity)):
            raise refused("undo_superseded")
        try:
            context = UNDOS[activity.verb](activity, customer, actor)
        except Refused as refusal:
            raise refused("undo_superseded") if refusal.code in SUPERSEDED else refusal from refusal
        if context.activity:
            context.activity.undoes = activity
            update(context.activity, "undoes")
        return context


def later_activities(activity: Activity) -> Iterable[Later]:
    found = Activity.objects.filter(merchant=activity.merchant_id, customer=activity.customer_id, pk__gt=activity.pk)
    found = found.exclude(verb__startswith=NOTE)
    return map(Later._make, found.order_by("-pk").values_list(*LATER_COLUMNS))


def is_superseded(activity: Activity, later: Iterable[Later]) -> bool:
    """Whether one of the `later` activities, the latest first, forbids it; one that was undone does not."""
    undone = set()
    for each in later:
        if each.key in undone:
            continue
        if each.undoes is not None and each.undoes > activity.pk:
            undone.add(each.undoes)
        elif forbids_undo(activity.undo_facts or {}, each):
            return True
    return False


def _unskip(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    return restore_order.unskip(_order(activity, customer), actor=actor)


def _undo_change_of_date(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    moved, facts = _order(activity, customer), _facts(activity)
    if moved.status == OrderStatus.MERGED:
        return restore_order.unmerge(moved, actor=actor, items=facts["items"], incentives=facts["incentives"])
    for each in order_items.load_items(moved):
        if each.pk not in facts["items"] and each.subscription_id not in facts["subscriptions"]:
            raise refused("undo_superseded")  # it has joined this order by an activity about another one
    return order.change_date(moved, actor=actor, day=date.fromisoformat(facts["place_date"]))


def _move_item_back(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    (key,) = _facts(activity)["subscriptions"]
    day = date.fromisoformat(_facts(activity)["place_date"])
    return subscription.change_next_order_date(_subscription(key, customer), actor=actor, day=day)


def _reactivate(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    """Active again, with the next order on its old day or, once that is over, tomorrow."""
    row, old_day = _subscription(activity.subscription_id, customer), _facts(activity)["place_date"]
    tomorrow = calendar.today(customer.merchant.time_zone) + timedelta(days=1)
    day = max(date.fromisoformat(old_day), tomorrow) if old_day else None
    return subscription.reactivate(row, actor=actor, next_order_date=day)


def _cancel_again(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    row = _subscription(activity.subscription_id, customer)
    return subscription.cancel(row, actor=actor, reason=_facts(activity)["cancel_reason"] or "")


def _remove_added_item(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    added = Item(pk=_facts(activity)["item"], merchant=customer.merchant, order=_order(activity, customer))
    return item.remove(added, actor=actor)


def _cancel_added_subscription(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    """The subscription stays on record as cancelled; its item leaves the order."""
    return subscription.cancel(_subscription(_facts(activity)["subscription"], customer), actor=actor)


def _remove_tag(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    return customer_tags.remove_tag(customer, actor=actor, name=_facts(activity)["tag"])


def _add_tag(activity: Activity, customer: Customer, actor: Actor) -> ActionContext[Any]:
    return customer_tags.add_tag(customer, actor=actor, name=_facts(activity)["tag"])


UNDOS: Mapping[str, Callable[[Activity, Customer, Actor], ActionContext[Any]]] = {
    "order.skip": _unskip,
    "order.cancel": _unskip,
    "order.change_date": _undo_change_of_date,
    "order.skip_subscription": _move_item_back,
    "subscription.change_next_order_date": _move_item_back,
    "subscription.cancel": _reactivate,
    "subscription.reactivate": _cancel_again,
    "item.add": _remove_added_item,
    "item.add_with_subscription": _cancel_added_subscription,
    "customer.add_tag": _remove_tag,
    "customer.remove_tag": _add_tag,
}


def _facts(activity: Activity) -> dict[str, Any]:
    return activity.undo_facts or {}


def _order(activity: Activity, customer: Customer) -> Order:
    found = activity.order
    if found is None:
        raise refused("undo_superseded")
    found.customer, found.merchant = customer, customer.merchant
    return found


def _subscription(key: int | None, customer: Customer) -> Subscription:
    """Only what an action needs to find the subscription; the action itself reads the row."""
    return new_row(Subscription, id=key, customer=customer, merchant=customer.merchant)
