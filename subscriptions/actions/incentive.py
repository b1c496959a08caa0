"""The verbs of a one-time incentive: a discount or gift for one order or one item."""

from decimal import Decimal
from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import checks, order_items
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.actions.discounts import ON_ITEM, ON_ORDER, SHIPPING_TOTAL, SUB_TOTAL, TOTAL_PRICE
from subscriptions.actions.subjects import attach_customer, reload_subject
from subscriptions.errors import refused
from subscriptions.models import Customer, Discount, Item, OneTimeIncentive, Order, OrderStatus

COLUMNS = (
    *("external_code", "description", "order_id", "item_id", "product_id"),
    *("name", "target", "discount_type", "field", "value"),
)
FIELDS_BY_TARGET = {ON_ITEM: (TOTAL_PRICE,), ON_ORDER: (SUB_TOTAL, SHIPPING_TOTAL)}


def must_be_unused(context: ActionContext[OneTimeIncentive]) -> None:
    if context.subject.applied_at is not None:
        raise refused("incentive_applied")


@action("incentive.create")
def create(context: ActionContext[Customer], /, **fields: Any) -> str:
    """Promise a discount or gift, with these columns, for an order or an item. `context.result` is the incentive."""
    incentive = OneTimeIncentive(
        merchant=context.customer.merchant, customer=context.customer, **_read_places(context, fields)
    )
    _require_fitting(incentive)
    insert(incentive)
    context.result = incentive
    _recount(_order_of(incentive), context.customer)
    return f"Added the one-time incentive “{incentive}”."


@action("incentive.update", guards=[must_be_unused])
def change(context: ActionContext[OneTimeIncentive], /, **fields: Any) -> str:
    """Change these columns. An incentive moved to an order leaves its item, and the other way round."""
    incentive = context.subject
    was_on = _order_of(incentive)
    if fields.get("order"):
        incentive.item = None
    if fields.get("item"):
        incentive.order, incentive.target = None, ON_ITEM
    for name, value in _read_places(context, fields).items():
        setattr(incentive, name, value)
    if incentive.type == OneTimeIncentive.Type.DISCOUNT and incentive.field not in FIELDS_BY_TARGET[incentive.target]:
        incentive.field = FIELDS_BY_TARGET[incentive.target][0]
    _require_fitting(incentive)
    if not context.has_changed(*COLUMNS):
        return UNCHANGED
    incentive.last_updated = calendar.now()
    update(incentive, *COLUMNS, "last_updated")
    for order in {order.pk: order for order in (was_on, _order_of(incentive)) if order}.values():
        _recount(order, context.customer)
    return f"Changed the one-time incentive “{incentive}”."


@action("incentive.delete", guards=[must_be_unused])
def delete(context: ActionContext[OneTimeIncentive]) -> str:
    """Take the incentive back."""
    incentive = context.subject
    order = _order_of(incentive)
    OneTimeIncentive.objects.filter(pk=incentive.pk).delete()
    _recount(order, context.customer)
    return f"Removed the one-time incentive “{incentive}”."


def _order_of(incentive: OneTimeIncentive) -> Order | None:
    return incentive.item.order if incentive.item else incentive.order


def _read_places(context: ActionContext[Any], fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` with the order or item, which must be the customer's, as it is now."""
    for name in ("order", "item"):
        place: Any = fields.get(name)
        if place is None:
            continue
        order = place.order if isinstance(place, Item) else place
        if order.customer_id != context.customer.pk:
            raise refused("incentive_place")
        fields[name] = reload_subject(place, context.customer)
    return fields


def _require_fitting(incentive: OneTimeIncentive) -> None:
    """The incentive is on an order or item that can still change, and takes off what this allows."""
    place: Order | Item | None = incentive.order or incentive.item
    if place is None or (incentive.order is not None and incentive.item is not None):
        raise refused("incentive_place")
    order = place.order if isinstance(place, Item) else place
    if order.status in (OrderStatus.SUCCESS, OrderStatus.CANCELLED, OrderStatus.MERGED):
        raise refused("order_not_open")
    if incentive.item is not None and incentive.target != ON_ITEM:
        raise refused("invalid_value", name="target", rule="item, because the incentive is on an item")
    if incentive.type == OneTimeIncentive.Type.GIFT:
        return
    if incentive.field not in FIELDS_BY_TARGET[incentive.target]:
        allowed = " or ".join(FIELDS_BY_TARGET[incentive.target])
        raise refused("invalid_value", name="field", rule=f"{allowed} for the target {incentive.target}")
    value = checks.require_amount("value", incentive.value or Decimal(0))
    if incentive.discount_type == Discount.Type.PERCENT and value > 100:
        raise refused("invalid_value", name="value", rule="at most 100 percent")


def _recount(order: Order | None, customer: Customer) -> None:
    """Give an open order the totals that its incentives make now; later ones are counted when they are placed."""
    if order is not None and order.is_open:
        attach_customer(order, customer)
        order_items.save_totals(order, order_items.load_items(order))
