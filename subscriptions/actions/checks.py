"""Guards and checks of inputs that several verbs share."""

from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.db import models

from subscriptions import calendar
from subscriptions.actions.core import ActionContext
from subscriptions.actions.subjects import reload_subject
from subscriptions.errors import NotFound, refused
from subscriptions.models import Address, Item, Order, OrderStatus, Payment, Product, Subscription

Row = TypeVar("Row", bound=models.Model)
Record = TypeVar("Record", Address, Payment)
LARGEST_SMALL_INTEGER = 32767  # what the columns of small numbers hold


def must_be_live(context: ActionContext[Subscription]) -> None:
    if not context.subject.live:
        raise refused("subscription_not_active")


def must_be_cancelled(context: ActionContext[Subscription]) -> None:
    if context.subject.live:
        raise refused("subscription_already_active")


def must_have_no_paid_orders_left(context: ActionContext[Subscription]) -> None:
    # Deliveries that were paid for must not vanish.
    if context.subject.prepaid_orders_remaining:
        raise refused("prepaid_orders_remaining", n=context.subject.prepaid_orders_remaining)


def must_not_be_prepaid(context: ActionContext[Any]) -> None:
    """Of an item its subscription counts."""
    subscription = context.subject.subscription if isinstance(context.subject, Item) else context.subject
    if subscription is not None and subscription.has_prepaid:
        raise refused("prepaid_fixed")


def must_be_open(context: ActionContext[Any]) -> None:
    """Of an item its order counts."""
    order = context.subject.order if isinstance(context.subject, Item) else context.subject
    if not order.is_open:
        raise refused("order_not_open")


def must_have_status(*allowed: OrderStatus, code: str = "order_not_open") -> Any:
    def guard(context: ActionContext[Order]) -> None:
        if context.subject.status not in allowed or context.subject.locked:
            raise refused(code)

    return guard


def require_product_for_sale(product: Product) -> Product:
    if product.discontinued:
        raise refused("product_discontinued")
    return product


def require_own_row(context: ActionContext[Any], row: Row) -> Row:
    """`row`, which has to be the merchant's."""
    if row.merchant_id != context.customer.merchant_id:  # type: ignore[attr-defined]  # every row of the domain has one
        raise NotFound("not_found", "There is no such thing at this merchant.")
    return row


def require_usable_record(context: ActionContext[Any], record: Record) -> Record:
    """A payment or address, which has to be the customer's own and active."""
    if record.customer_id != context.customer.pk:
        raise NotFound("not_found", "This customer has no such payment or address.")
    if not record.live:
        raise refused("record_inactive")
    return record


def require_current_record(context: ActionContext[Any], record: Record) -> Record:
    """As `usable`, of one handed to the act; read anew, for it may have been retired since it was chosen."""
    return require_usable_record(context, reload_subject(require_usable_record(context, record), context.customer))


def require_whole_number(name: str, value: int, least: int = 1, most: int = LARGEST_SMALL_INTEGER) -> int:
    if not least <= value <= most:
        raise refused("invalid_value", name=name, rule=f"a whole number from {least} to {most}")
    return value


def require_frequency(every: int, every_period: int) -> tuple[int, int]:
    return require_whole_number("every", every, most=999), require_whole_number(
        "every_period", every_period, most=len(calendar.Period)
    )


def require_amount(name: str, value: Decimal) -> Decimal:
    if not (value.is_finite() and 0 <= value < 10**10 and value == round(value, 2)):
        raise refused("invalid_value", name=name, rule="an amount of at least 0.00 with two decimals")
    return value


def require_today_or_later(context: ActionContext[Any], day: date) -> date:
    if day < calendar.today(context.customer.merchant.time_zone):
        raise refused("place_date_past")
    return day
