"""Erases a customer: what is left are orders, subscriptions and clicks of nobody, so that no figure changes.

Models say themselves what stays. The rows of a model with `kept_of_erased` stay, with these of their texts; all other
texts are emptied, and so are those of a column that is added later. The rows of models without it are deleted.
"""

from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Value
from django.db.models.expressions import RawSQL

from common.db import update
from subscriptions import calendar
from subscriptions.actions import ending, order_status
from subscriptions.actions.core import ActionContext, record_actions
from subscriptions.actions.merchant_deletion import delete_rows, owned_models
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.models import (
    Activity,
    Address,
    Customer,
    Event,
    Item,
    Order,
    OrderStatus,
    Payment,
    Subscription,
    statuses_where,
)

VERB = "customer.erase"
TEXTS: tuple[type[Any], ...] = (
    *(models.CharField, models.TextField, models.JSONField, models.BinaryField, models.GenericIPAddressField),
    ArrayField,
)
# What figures are counted from when a merchant's days are folded anew.
FACTS = "(SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(payload) WHERE key = ANY(%s))"
KEPT_FACTS = ["cancel_reason_code", "product_id", "sub_total"]
CODE = r"^\s*([0-9]{1,6})(?=\s*(?:\||$))"
# Columns that are no texts, and values that may not be empty.
CHANGES: dict[type[models.Model], dict[str, Any]] = {
    Customer: {
        "first_name": "Erased customer",
        "merchant_user_id": Func(Value("erased-%s"), F("pk"), function="format", output_field=models.TextField()),
        "phone_type": None,
        "last_login": None,
    },
    Address: {"live": False},
    Payment: {"live": False, "cc_type": None, "expires_on": None},
    Subscription: {"cancel_reason": Func(F("cancel_reason"), Value(CODE), function="substring")},
    Event: {"payload": RawSQL(FACTS, [KEPT_FACTS])},
}


def end_customer(customer: Customer, *, actor: Actor) -> None:
    """End what still runs for the held `customer`, and mark them as erased; the rows are for `empty_rows`.

    Refused while prepaid orders are owed, or while an order is being placed: its outcome would find nobody.
    """
    context: ActionContext[Customer] = ActionContext(VERB, actor, customer, customer)
    live = Subscription.objects.live().filter(merchant=customer.merchant_id, customer=customer)
    for subscription in live.select_related("product", "payment", "shipping_address"):
        subscription.customer, subscription.merchant = customer, customer.merchant
        if subscription.prepaid_orders_remaining:
            raise refused("prepaid_orders_remaining", n=subscription.prepaid_orders_remaining)
        ending.end_subscription(context, subscription, "")
    _cancel_orders(customer)
    customer.erased_at = customer.last_updated = calendar.now()
    customer.clock = None
    update(customer, "erased_at", "last_updated", "clock")
    record_actions([(context, "Erased the customer. Orders and subscriptions stay for the figures, as nobody's.")])


def _cancel_orders(customer: Customer) -> None:
    orders = Order.objects.filter(merchant=customer.merchant_id, customer=customer)
    for order in orders.filter(status__in=statuses_where(lambda row: row.changeable)):
        order_status.cancel_order(order)
        Item.objects.filter(merchant=order.merchant_id, order=order).update(upcoming=False)
    undecided = [*statuses_where(lambda row: row.in_placement or row.awaits_result), OrderStatus.UNSENT]
    if orders.filter(status__in=undecided).exists():
        raise refused("customer_in_placement")


@cache
def ways_to_customer() -> dict[type[models.Model], list[str]]:
    """The models whose rows belong to a customer, the furthest first: its way leads through the rows of others."""
    return dict(sorted(owned_models(Customer, only_checked=True).items(), key=lambda item: -len(item[1])))


def empty_rows(customer: Customer) -> None:
    """Delete or empty the rows that belong to `customer`, whichever app they are of. It may be repeated."""
    _empty(Customer, Customer.objects.filter(pk=customer.pk))
    for model, way in ways_to_customer().items():
        rows = model._base_manager.filter(**{"__".join(way): customer.pk})
        if hasattr(model, "kept_of_erased"):
            _empty(model, rows)
        else:
            delete_rows(rows.exclude(verb=VERB) if model is Activity else rows)


def _empty(model: Any, rows: models.QuerySet[Any]) -> None:
    changes = {field.name: _empty_value(field) for field in erased_fields(model)} | CHANGES.get(model, {})
    if changes:
        rows.update(**changes)


def erased_fields(model: Any) -> list[Any]:
    """The columns of a model with `kept_of_erased` that are emptied: texts, and what points at deleted rows."""
    deleted = [each for each in ways_to_customer() if not hasattr(each, "kept_of_erased")]
    return [
        field
        for field in model._meta.concrete_fields
        if not field.generated
        and field.name not in model.kept_of_erased
        and (isinstance(field, TEXTS) or field.related_model in deleted)
    ]


def _empty_value(field: Any) -> Any:
    if field.null:
        return None
    if field.has_default() and callable(field.default):
        return field.default()
    return {} if isinstance(field, models.JSONField) else ""
