"""The cards of a customer's subscriptions."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest

from subscriptions.actions.cancel_reasons import describe_reason, offered_reasons
from subscriptions.models import Customer, Item, Subscription
from subscriptions.money import money
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.site import site

MOST_SUBSCRIPTIONS = 100


def subscription_cards(request: HttpRequest, customer: Customer) -> list[dict[str, Any]]:
    upcoming = Item.objects.filter(merchant=merchant_of(request), subscription=OuterRef("pk"), upcoming=True)
    rows = (
        Subscription.objects.filter(merchant=merchant_of(request), customer=customer)
        .select_related("product", "offer")
        .annotate(next_day=Subquery(upcoming.values("order__place_date")[:1]))
        .order_by("cancelled", "-created")
    )
    buttons = site.get_model_admin(Subscription).offered_buttons
    labels = dict(offered_reasons(merchant_of(request)).values_list("code", "label"))
    return [
        {
            "row": row,
            "price": money(row.product.price if row.price is None else row.price, row.currency_code),
            "cancel_reason": describe_reason(row, labels),
            "buttons": buttons(request, row),
        }
        for row in sorted(rows[:MOST_SUBSCRIPTIONS], key=lambda row: not row.live)
    ]
