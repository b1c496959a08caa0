"""The verbs that start subscriptions: after a checkout in the shop, and by staff.

The checkout itself was the first order of its subscriptions, so the first order created here is the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from subscriptions import calendar
from subscriptions.actions import checks, orders
from subscriptions.actions.core import ActionContext, action
from subscriptions.actions.new_subscription import start_subscription
from subscriptions.actions.sentences import name_first
from subscriptions.errors import SENTENCES, Refused, refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Customer, Offer, Payment, Product, Subscription


@dataclass(frozen=True, slots=True)
class Line:
    """One subscription to start.

    `price` locks the unit price. `first_date` is the date of the first order created here; the default is today plus
    the frequency. `orders_per_billing` makes the subscription prepaid: the checkout has charged that many orders and
    delivered the first. `grantees` (pairs of name and shop id) share the access that a plan grants. `extra_data` comes
    back with each order post.
    """

    product: Product
    quantity: int
    every: int
    every_period: int
    offer: Offer | None = None
    price: Decimal | None = None
    first_date: date | None = None
    orders_per_billing: int | None = None
    renewal_behavior: str = Subscription.Renewal.AUTORENEW
    grantees: Sequence[tuple[str, str]] = ()
    extra_data: dict[str, Any] = field(default_factory=dict)


class NothingSubscribed(Refused):
    """No line could start. `refusals` has one refusal for each line, in the same order."""

    def __init__(self, refusals: Sequence[Refused]) -> None:
        sentences = " ".join(each.sentence for each in refusals)
        super().__init__("nothing_subscribed", sentences or SENTENCES["nothing_subscribed"])
        self.refusals = refusals


@action("checkout")
def checkout(
    context: ActionContext[Customer],
    *,
    merchant_order_id: str,
    payment: Payment,
    address: Address,
    lines: Sequence[Line],
    session_id: str | None = None,
) -> str:
    """Start the subscriptions of one checkout.

    The customer has paid already, so a refused line does not hold back the others. `context.result` is the subscription
    or the refusal of each line, in the order of `lines`. Raises `NothingSubscribed` when none can start.
    """
    payment, address = checks.require_current_record(context, payment), checks.require_current_record(context, address)
    context.result = [
        _start_line_or_refuse(
            context, line, payment, address, merchant_order_id=merchant_order_id, session_id=session_id
        )
        for line in lines
    ]
    started = [each for each in context.result if isinstance(each, Subscription)]
    if not started:
        raise NothingSubscribed(context.result)
    context.emit(catalogue.SUBSCRIPTIONS_CREATED, context.customer, subscriptions=started)
    return f"Checked out as order {merchant_order_id} and subscribed to {name_first(started)}."


@action("subscription.create")
def create(context: ActionContext[Customer], *, line: Line, payment: Payment, address: Address) -> str:
    """Start one subscription without a checkout, as staff do. `context.result` is the subscription."""
    payment, address = checks.require_current_record(context, payment), checks.require_current_record(context, address)
    context.result = _start_line(context, line, payment, address, origin=Subscription.Origin.STAFF)
    first = calendar.human_date(_first_day(context, line))
    return f"Subscribed to {line.quantity} × {line.product}. The first order is planned for {first}."


def _start_line_or_refuse(
    context: ActionContext[Any], line: Line, *given: Any, **details: Any
) -> Subscription | Refused:
    emitted, first_subscribed = len(context.events), context.customer.first_subscribed
    try:
        # A line that makes its order too expensive is found out only after it was written.
        with transaction.atomic():
            return _start_line(context, line, *given, **details)
    except Refused as refusal:
        del context.events[emitted:]
        context.customer.first_subscribed = first_subscribed
        return refusal


def _start_line(
    context: ActionContext[Any], line: Line, payment: Payment, address: Address, **details: Any
) -> Subscription:
    """Start the subscription of `line` and create its first item."""
    day = _first_day(context, line)
    subscription = start_subscription(
        context,
        product=line.product,
        payment=payment,
        address=address,
        quantity=line.quantity,
        every=line.every,
        every_period=line.every_period,
        offer=line.offer,
        price=line.price,
        grantees=line.grantees,
        extra_data=line.extra_data,
        **_prepaid_columns(line, details.get("merchant_order_id")),
        **details,
    )
    orders.add_subscription_item(context, subscription, day)
    return subscription


def _first_day(context: ActionContext[Any], line: Line) -> date:
    today = calendar.today(context.customer.merchant.time_zone)
    day = line.first_date or calendar.next_date(today, *checks.require_frequency(line.every, line.every_period), today)
    return checks.require_today_or_later(context, day)


def _prepaid_columns(line: Line, merchant_order_id: str | None) -> dict[str, Any]:
    if line.orders_per_billing is None:
        return {}
    if line.renewal_behavior not in Subscription.Renewal.values:
        raise refused("invalid_value", name="renewal_behavior", rule=f"one of {', '.join(Subscription.Renewal.values)}")
    per_billing = checks.require_whole_number("orders_per_billing", line.orders_per_billing, least=2)
    return {
        "prepaid_orders_per_billing": per_billing,
        "prepaid_orders_remaining": per_billing - 1,
        "renewal_behavior": line.renewal_behavior,
        "prepaid_origin_merchant_order_id": merchant_order_id,
    }
