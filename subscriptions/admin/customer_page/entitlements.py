"""What a customer has access to, and what staff may do with it."""

from typing import Any

from django.http import HttpRequest

from subscriptions.admin.catalogue.entitlements import describe_state
from subscriptions.models import Customer, Entitlement
from subscriptions.staff.site import site

MOST_ENTITLEMENTS = 10


def entitlements_context(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The latest entitlements, those with access first; `more` says that there are others. One query."""
    rows = Entitlement.objects.filter(merchant=customer.merchant_id, customer=customer)
    rows = rows.select_related("resource", "subscription__product").order_by("-live", "-expiration", "pk")
    found = list(rows[: MOST_ENTITLEMENTS + 1])
    shown = [entitlement_card(request, row) for row in found[:MOST_ENTITLEMENTS]]
    return {"rows": shown, "more": len(found) > MOST_ENTITLEMENTS}


def entitlement_card(request: HttpRequest, row: Entitlement) -> dict[str, Any]:
    state, color = describe_state(row)
    buttons = site.get_model_admin(Entitlement).offered_buttons(request, row)
    return {"row": row, "state": state, "color": color, "buttons": buttons}
