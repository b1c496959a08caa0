"""A customer's payments and addresses: which of them are used, and what staff may do with each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from subscriptions import calendar
from subscriptions.models import Address, Customer, Payment, Subscription
from subscriptions.normal_forms import country_names
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.site import site

MOST_RECORDS = 20
MOST_SHOWN = 4  # the others are folded away
MOST_NAMES = 3
SOON = timedelta(days=45)
Names = Mapping[int, list[str]]


def records_context(request: HttpRequest, customer: Customer, subscriptions: Iterable[Subscription]) -> dict[str, Any]:
    """The cards of payments and addresses, those in use first; `subscriptions` give the names of uses. Two queries."""
    live = [row for row in subscriptions if row.live]
    by_payment, by_address = defaultdict(list), defaultdict(list)
    for row in live:
        by_payment[row.payment_id].append(row.product.name)
        by_address[row.shipping_address_id].append(row.product.name)
    payments = customer.payments.filter(merchant=customer.merchant_id)
    addresses = customer.addresses.filter(merchant=customer.merchant_id)
    return {
        "payments": split_records([payment_card(request, row, by_payment) for row in with_uses(payments, "payment")]),
        "addresses": split_records(
            [address_card(request, row, by_address) for row in with_uses(addresses, "shipping_address")]
        ),
    }


def with_uses(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """The newest of `rows` with `uses`, the number of active subscriptions that have them in `column`."""
    live = Subscription.objects.live().filter(merchant=OuterRef("merchant"), **{column: OuterRef("pk")}).order_by()
    uses = Coalesce(Subquery(live.values(column).values(n=Count("pk"))), 0)
    return rows.annotate(uses=uses).order_by("-live", "-created")[:MOST_RECORDS]


def split_records(cards: list[dict[str, Any]]) -> dict[str, Any]:
    """The cards that are shown, those in use first, and those that are folded away."""
    cards = sorted(cards, key=lambda card: (-card["row"].uses, not card["row"].live))
    wanted = sum(bool(card["row"].uses or card["row"].live) for card in cards)
    limit = min(wanted, MOST_SHOWN)
    return {"shown": cards[:limit], "folded": cards[limit:]}


def record_card(request: HttpRequest, row: Any, names: Names) -> dict[str, Any]:
    """The payment or address `row` with a few names of the products that use it."""
    named = list(dict.fromkeys(names.get(row.pk, [])))[:MOST_NAMES]
    return {
        "row": row,
        "used_by": ", ".join(named),
        "more": row.uses > len(named),
        "buttons": site.get_model_admin(type(row)).offered_buttons(request, row),
    }


def payment_card(request: HttpRequest, row: Payment, names: Names) -> dict[str, Any]:
    return record_card(request, row, names) | {"warning": expiry_warning(row, request)}


def expiry_warning(row: Payment, request: HttpRequest) -> str:
    today = calendar.today(merchant_of(request).time_zone)
    if row.expires_on is None or row.expires_on > today + SOON:
        return ""
    return "Expired" if row.expires_on < today else "Expires soon"


def address_card(request: HttpRequest, row: Address, names: Names) -> dict[str, Any]:
    return record_card(request, row, names) | {"lines": address_lines(row)}


def address_lines(row: Address) -> list[str]:
    town = f"{row.city} {row.state_province_code}".strip()
    parts = [
        f"{row.first_name} {row.last_name}".strip(),
        row.company_name,
        ", ".join(filter(None, [row.address, row.address2])),
        f"{town} {row.zip_postal_code}".strip(),
        country_names().get(row.country_code, row.country_code),
    ]
    return [part for part in parts if part]
