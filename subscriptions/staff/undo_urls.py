"""Where staff undo an act: in the message that says it was done, and on its line in a feed."""

from collections.abc import Collection
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from subscriptions.actions.undo import is_superseded
from subscriptions.actions.undo_facts import LATER_COLUMNS, Later
from subscriptions.models import Activity
from subscriptions.models.record import NOTE
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right, may

MOST_LATER = 200
# By the verb of what is undone: whoever undoes it needs the right to what the undo does.
UNDO_RIGHTS = {
    "order.skip": Right.SKIP,
    "order.cancel": Right.CANCEL,
    "order.change_date": Right.CHANGE_DATE,
    "order.skip_subscription": Right.SKIP,
    "subscription.change_next_order_date": Right.CHANGE_DATE,
    "subscription.cancel": Right.REACTIVATE,
    "subscription.reactivate": Right.CANCEL,
    "item.add": Right.CONTENTS,
    "item.add_with_subscription": Right.CANCEL,
    "customer.add_tag": Right.TAGS,
    "customer.remove_tag": Right.TAGS,
}


def may_undo(request: HttpRequest, activity: Activity) -> bool:
    """Whether the role may undo it, as far as that depends on the role."""
    return activity.undo_facts is not None and may(request, UNDO_RIGHTS.get(activity.verb))


def undo_url(activity: Activity, back: str) -> str:
    """The dialog that asks before it undoes the act; afterwards staff are on the page `back`."""
    dialog = reverse("admin:subscriptions_customer_undo", args=[activity.customer_id])
    return f"{dialog}?{urlencode({'activity': str(activity.pk), 'back': back})}"


def undo_urls(request: HttpRequest, rows: Collection[Activity]) -> dict[int, str]:
    """The address for each of `rows`, by key, that this member of staff may undo now; one query at most.

    An act with very many later ones is not offered, though it might still be undone.
    """
    undoable = [row for row in rows if may_undo(request, row)]
    if not undoable:
        return {}
    customers = {row.customer_id for row in undoable}
    found = Activity.objects.filter(merchant=merchant_of(request), customer__in=customers)
    found = found.filter(pk__gt=min(row.pk for row in undoable)).exclude(verb__startswith=NOTE).order_by("-pk")
    later = [
        (customer, Later._make(about))
        for customer, *about in found.values_list("customer", *LATER_COLUMNS)[:MOST_LATER]
    ]
    seen_since = later[-1][1].key if len(later) == MOST_LATER else 0
    # A part of a page is fetched from an address of its own.
    back = urlsplit(request.headers.get("HX-Current-URL", request.path)).path
    return {
        row.pk: undo_url(row, back)
        for row in undoable
        if row.pk >= seen_since
        and not is_superseded(
            row,
            (about for customer, about in later if about.key > row.pk and customer == row.customer_id),
        )
    }
