"""Guards and input checks that several verbs share.

A guard (`must_…`) looks at the subject of an action. A check (`require_…`) returns the input it was given, or refuses
it. Both raise a `DomainError`.
"""

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
LARGEST_SMALL_INTEGER = 32767  # of a PositiveSmallIntegerField


def must_be_live(context: ActionContext[Subscription]) -> None:
    if not context.subject.live:
        raise refused("subscription_not_active")


def must_be_cancelled(context: ActionContext[Subscription]) -> None:
    if context.subject.live:
        raise refused("subscription_already_active")


def must_have_no_paid_orders_left(context: ActionContext[Subscription]) -> None:
    # The customer has paid for these deliveries.
    if context.subject.prepaid_orders_remaining:
        raise refused("prepaid_orders_remaining", n=context.subject.prepaid_orders_remaining)


def must_not_be_prepaid(context: ActionContext[Any]) -> None:
    """The subject is a subscription or an item; for an item, its subscription is checked."""
    subscription = context.subject.subscription if isinstance(context.subject, Item) else context.subject
    if subscription is not None and subscription.has_prepaid:
        raise refused("prepaid_fixed")


def must_be_open(context: ActionContext[Any]) -> None:
    """The subject is an order or an item; for an item, its order is checked."""
    order = context.subject.order if isinstance(context.subject, Item) else context.subject
    if not order.is_open:
        raise refused("order_not_open")


def must_have_status(*allowed: OrderStatus, code: str = "order_not_open") -> Any:
    """A guard that requires an unlocked order with one of these statuses; `code` is the code of its refusal."""

    def guard(context: ActionContext[Order]) -> None:
        if context.subject.status not in allowed or context.subject.locked:
            raise refused(code)

    return guard


def require_product_for_sale(product: Product) -> Product:
    if product.discontinued:
        raise refused("product_discontinued")
    return product


def require_own_row(context: ActionContext[Any], row: Row) -> Row:
    """`row`, which must belong to the merchant of the action."""
    if row.merchant_id != context.customer.merchant_id:  # type: ignore[attr-defined]  # every row of the domain has one
        raise NotFound("not_found", "This merchant has no such record.")
    return row


def require_usable_record(context: ActionContext[Any], record: Record) -> Record:
    """A payment or address, which must be active and belong to the customer of the action."""
    if record.customer_id != context.customer.pk:
        raise NotFound("not_found", "This customer has no such payment or address.")
    if not record.live:
        raise refused("record_inactive")
    return record


def require_current_record(context: ActionContext[Any], record: Record) -> Record:
    """Like `require_usable_record`, but reads the record again: it may have been retired since the caller read it."""
    require_usable_record(context, record)
    return require_usable_record(context, reload_subject(record, context.customer))


def require_whole_number(name: str, value: int, least: int = 1, most: int = LARGEST_SMALL_INTEGER) -> int:
    if not least <= value <= most:
        raise refused("invalid_value", name=name, rule=f"a whole number from {least} to {most}")
    return value


def require_frequency(every: int, every_period: int) -> tuple[int, int]:
    require_whole_number("every", every, most=999)
    require_whole_number("every_period", every_period, most=len(calendar.Period))
    return every, every_period


def require_amount(name: str, value: Decimal) -> Decimal:
    if not (value.is_finite() and 0 <= value < 10**10 and value == round(value, 2)):
        raise refused("invalid_value", name=name, rule="an amount of at least 0.00 with two decimals")
    return value


def require_merchant_currency(context: ActionContext[Any], order: Order) -> Order:
    """An order in the merchant's currency, in which products have their prices."""
    if order.currency_code != context.customer.merchant.currency_code:
        raise refused("currency_differs", order=order.currency_code, shop=context.customer.merchant.currency_code)
    return order


def require_today_or_later(context: ActionContext[Any], day: date) -> date:
    if day < calendar.today(context.customer.merchant.time_zone):
        raise refused("place_date_past")
    return require_day_in_calendar(day)


def require_day_in_calendar(day: date) -> date:
    if day > calendar.LAST_DAY:
        raise refused("date_too_far")
    return day
