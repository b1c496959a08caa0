"""Changes of an order's status; `models.order_status` says which ones there may be."""

from common.db import update
from subscriptions import calendar
from subscriptions.models import Order, OrderStatus


def set_status(order: Order, status: OrderStatus) -> None:
    """Give `order` another status. No other code does this; the caller saves `status` and `updated`.

    Raises ValueError if the status table does not allow this step: the action then lacks a guard.
    """
    if status not in order.status_row.leads_to:
        raise ValueError(f"an order cannot go from {order.get_status_display()} to {status.label} in one action")
    order.status, order.updated = status, calendar.now()


def change_status(order: Order, status: OrderStatus, *names: str) -> None:
    """Like `set_status`, but also saves the order, with the columns `names`."""
    set_status(order, status)
    update(order, "status", *names, "updated")


def cancel_order(order: Order) -> None:
    """Cancel an order; its items stay as history."""
    set_status(order, OrderStatus.CANCELLED)
    order.cancelled = order.updated
    update(order, "status", "cancelled", "updated")
