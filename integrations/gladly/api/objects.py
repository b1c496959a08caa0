"""The objects of the data and actions schemas, with exactly their fields and types."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from integrations.gladly.cards import SubscriptionCard, SubscriptionCount
from integrations.models import AgentAction
from subscriptions import calendar
from subscriptions.models import CancelReason, Customer
from subscriptions.objects.values import write_utc


def customer_object(customer: Customer, count: SubscriptionCount) -> dict[str, Any]:
    return {
        "id": customer.merchant_user_id,
        "name": customer.full_name,
        "email": customer.email,
        "subscription_count": count.total,
        "active_count": count.active,
    }


def subscription_object(card: SubscriptionCard, actions: Collection[str], changed: datetime | None) -> dict[str, Any]:
    """`actions` are those that agents of the merchant may do at all; `changed` is when the customer's data last were.

    Gladly keeps what it has unless `updated_at` is later, and a skip does not touch the subscription's own row.
    """
    subscription, order = card.subscription, card.next_order
    can_skip = card.can_skip and AgentAction.SKIP in actions
    return {
        "id": subscription.public_id.hex,
        "customer_id": subscription.customer.merchant_user_id,
        "status": card.status,
        "product_name": subscription.product.name,
        "price": f"{card.price:.2f}",
        "currency_code": subscription.currency_code,
        "quantity": subscription.quantity,
        "frequency": subscription.frequency_description,
        "next_billing_at": _next_billing_at(card),
        "next_order_id": order.public_id.hex if order and can_skip else None,
        "can_cancel": card.can_cancel and AgentAction.CANCEL in actions,
        "created_at": write_utc(subscription.created),
        "updated_at": write_utc(max(subscription.updated, changed or subscription.updated)),
        "cancelled_at": _optional_time(subscription.cancelled),
        "cancel_reason": card.cancel_reason or None,
    }


def reason_object(reason: CancelReason) -> dict[str, str]:
    return {"code": str(reason.code), "text": reason.label}


def action_result(message: str, detail: str, errors: list[str] | None = None) -> dict[str, Any]:
    """What became of an act. It was done if there are no `errors`."""
    return {"success": not errors, "message": message, "detail": detail, "errors": errors or []}


def _next_billing_at(card: SubscriptionCard) -> str | None:
    """Midnight in the merchant's zone, with its offset: the package's form reads the day from its beginning."""
    if card.next_order is None:
        return None
    zone = card.subscription.customer.merchant.time_zone
    return calendar.local_midnight(card.next_order.place_date, zone).isoformat()


def _optional_time(moment: datetime | None) -> str | None:
    return write_utc(moment) if moment else None
