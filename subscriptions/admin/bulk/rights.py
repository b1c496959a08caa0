"""Who may change many rows at once: those who may do so at all, and do the same to one row."""

from django.http import HttpRequest

from subscriptions.staff.roles import Right, may

# By the names of `BULK_KINDS`.
DO = {
    "order.move": Right.CHANGE_DATE,
    "order.skip": Right.SKIP,
    "order.retry": Right.FAILED,
    "subscription.move": Right.CHANGE_DATE,
    "subscription.skip": Right.SKIP,
    "subscription.cancel": Right.CANCEL,
    "customer.tag": Right.TAGS,
    "customer.untag": Right.TAGS,
}
UNDO = {**DO, "subscription.cancel": Right.REACTIVATE}


def may_change_many(request: HttpRequest, kind: str) -> bool:
    return may(request, Right.BULK) and may(request, DO[kind])


def may_undo_many(request: HttpRequest, kind: str) -> bool:
    return may(request, Right.BULK) and may(request, UNDO.get(kind))
