"""What follows a checkout in the shop, which was the first order of each subscription bought there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from subscriptions import calendar
from subscriptions.actions import checks, orders
from subscriptions.actions.core import Act, action
from subscriptions.actions.starting import subscribe
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Customer, Offer, Payment, Product, Subscription


@dataclass(frozen=True, slots=True)
class Line:
    """One subscription bought. `price` locks it; `first_date` is that of its first order here.

    Without `first_date` that is today plus the frequency. `orders_per_billing` makes it prepaid: the checkout has
    charged that many orders and delivered the first.
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


@action("checkout")
def checkout(
    act: Act[Customer],
    *,
    merchant_order_id: str,
    payment: Payment,
    address: Address,
    lines: Sequence[Line],
    session_id: str | None = None,
) -> str:
    """Start the subscriptions of one checkout. `act.result` is the list of them, in the order of `lines`."""
    if not lines:
        raise refused("nothing_subscribed")
    act.result = [
        start(act, line, payment, address, merchant_order_id=merchant_order_id, session_id=session_id) for line in lines
    ]
    act.announce(catalogue.SUBSCRIPTIONS_CREATED, act.customer)
    names = ", ".join(f"{line.quantity} × {line.product}" for line in lines)
    return f"Checked out as order {merchant_order_id} and subscribed to {names}."


@action("subscription.create")
def create(act: Act[Customer], *, line: Line, payment: Payment, address: Address) -> str:
    """Start one subscription without a checkout, as staff do. `act.result` is it."""
    act.result = start(act, line, payment, address, origin=Subscription.Origin.STAFF)
    first = act.result.items.get().order.place_date
    return (
        f"Subscribed to {line.quantity} × {line.product}. The first order is planned for {calendar.human_date(first)}."
    )


def start(act: Act[Any], line: Line, payment: Payment, address: Address, **details: Any) -> Subscription:
    today = calendar.today(act.customer.merchant.time_zone)
    subscription = subscribe(
        act,
        product=line.product,
        payment=payment,
        address=address,
        quantity=line.quantity,
        every=line.every,
        every_period=line.every_period,
        offer=line.offer,
        price=line.price,
        **_prepaid(line, details.get("merchant_order_id")),
        **details,
    )
    day = line.first_date or calendar.next_date(today, line.every, line.every_period, today)
    orders.add_subscription_item(subscription, checks.today_or_later(act, day))
    return subscription


def _prepaid(line: Line, merchant_order_id: str | None) -> dict[str, Any]:
    if line.orders_per_billing is None:
        return {}
    if line.renewal_behavior not in Subscription.Renewal.values:
        raise refused("invalid_value", name="renewal_behavior", rule=f"one of {', '.join(Subscription.Renewal.values)}")
    per_billing = checks.whole("orders_per_billing", line.orders_per_billing, least=2)
    return {
        "prepaid_orders_per_billing": per_billing,
        "prepaid_orders_remaining": per_billing - 1,
        "renewal_behavior": line.renewal_behavior,
        "prepaid_origin_merchant_order_id": merchant_order_id,
    }
