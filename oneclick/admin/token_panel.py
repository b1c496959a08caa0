"""The 1-Click panel of the customer's page: the latest tokens and their clicks."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest

from oneclick.admin.refusal_reasons import describe_outcome
from oneclick.admin.tokens import STATES
from oneclick.messages.message_previews import TABLE_TITLES
from oneclick.models import ActionToken, Click
from subscriptions.models import Customer
from subscriptions.staff.panels import Panel
from subscriptions.staff.site import site

MAX_TOKENS = 20
MAX_CLICKS = 10
OVER = ("expired", "revoked")
"""States of tokens that are folded away; a used one shows what its link did."""


def load_tokens(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    clicks = Click.objects.filter(merchant=customer.merchant_id).order_by("-pk")[:MAX_CLICKS]
    rows = (
        ActionToken.objects.filter(merchant=customer.merchant_id, customer=customer)
        .select_related("subscription__product", "order", "event", "merchant")
        .prefetch_related(Prefetch("clicks", clicks, to_attr="latest_clicks"))
        .order_by("-pk")[:MAX_TOKENS]
    )
    buttons = site.get_model_admin(ActionToken).offered_buttons
    tokens = [
        {
            "row": row,
            "label": STATES[row.state.capitalize()],
            "clicks": [
                (click, TABLE_TITLES[click.action], describe_outcome(click.outcome)) for click in row.latest_clicks
            ],
            "buttons": buttons(request, row),
        }
        for row in rows
    ]
    return {
        "tokens": [token for token in tokens if token["row"].state not in OVER],
        "over": [token for token in tokens if token["row"].state in OVER],
        "customer": customer,
    }


TOKENS = Panel("tokens", "1-Click tokens", "tab", "admin/panels/tokens.html", load_tokens)
