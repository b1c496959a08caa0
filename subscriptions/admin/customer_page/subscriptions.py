"""The cards of a customer's subscriptions."""

from typing import Any

from django.db.models import F
from django.http import HttpRequest

from subscriptions.actions.cancel_reasons import reason_labels
from subscriptions.admin.acts.subscription_card import subscription_card, with_card_rows
from subscriptions.models import Customer, Subscription
from subscriptions.staff.current_merchant import merchant_of

MOST_SUBSCRIPTIONS = 20


def subscription_cards(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The cards, live ones first, whether there are more subscriptions than cards, and how many cards are live."""
    own = Subscription.objects.filter(merchant=customer.merchant_id, customer=customer)
    live_first = F("cancelled").desc(nulls_first=True)
    rows = list(with_card_rows(own).order_by(live_first, "-created", "pk")[: MOST_SUBSCRIPTIONS + 1])
    merchant = merchant_of(request)
    labels = reason_labels(merchant)
    shown = rows[:MOST_SUBSCRIPTIONS]
    for row in shown:
        row.customer, row.merchant = customer, merchant
    return {
        "cards": [subscription_card(request, row, labels) for row in shown],
        "more": len(rows) > MOST_SUBSCRIPTIONS,
        "live": sum(row.live for row in shown),
    }
