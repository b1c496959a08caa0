"""A customer's orders: those still to come or not settled yet, then the latest of the others."""

from typing import Any

from django.http import HttpRequest

from subscriptions.admin.acts.order_card import load_card_rows, order_card
from subscriptions.models import Customer, Order
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.previews import UNFINISHED

MOST_UNFINISHED = 10
MOST_EARLIER = 10


def order_cards(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The cards, and whether there are more orders than cards."""
    own = Order.objects.filter(merchant=customer.merchant_id, customer=customer)
    unfinished, earlier = load_card_rows(
        own.filter(status__in=UNFINISHED).order_by("place_date", "pk")[: MOST_UNFINISHED + 1],
        own.exclude(status__in=UNFINISHED).order_by("-place_date", "-pk")[: MOST_EARLIER + 1],
    )
    found = [*unfinished[:MOST_UNFINISHED], *earlier[:MOST_EARLIER]]
    for row in found:
        row.customer, row.merchant = customer, merchant_of(request)
    return {
        "cards": [order_card(request, row) for row in found],
        "more": len(unfinished) > MOST_UNFINISHED or len(earlier) > MOST_EARLIER,
    }
