"""One subscription as a card: what it is, when it comes next, and everything staff may do to it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format

from subscriptions.actions.cancel_reasons import describe_reason
from subscriptions.actions.prepaid import eligible_groups
from subscriptions.admin.acts.addresses import address_lines, name_of
from subscriptions.admin.acts.arranged import Arranged, Fact, arrange
from subscriptions.admin.acts.cards import card_expiry
from subscriptions.admin.acts.next_order import next_item
from subscriptions.models import Item, Order, Payment, Subscription
from subscriptions.money import money
from subscriptions.staff.site import site

FIRST = ("skip", "send_now", "reactivate")
EDITS = (
    *("swap", "change_date", "change_quantity", "change_frequency", "change_price", "change_offer"),
    *("change_address", "change_card", "change_renewal"),
)


def with_card_rows(subscriptions: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """With all that cards show and that their buttons ask for, in two queries however many there are."""
    upcoming = Item.objects.filter(upcoming=True).select_related("order")
    return (
        subscriptions.select_related("product", "offer", "payment", "shipping_address")
        .annotate(is_prepaid_eligible=Exists(eligible_groups().filter(products=OuterRef("product"))))
        .prefetch_related(Prefetch("items", upcoming, to_attr="next_items"))
    )


def subscription_card(request: HttpRequest, row: Subscription, labels: Mapping[int, str]) -> dict[str, Any]:
    """`row` comes from `with_card_rows`; `labels` are those of the cancel reasons, by code."""
    buttons = site.get_model_admin(Subscription).offered_buttons(request, row)
    arranged = arrange(buttons, FIRST, EDITS)
    item = next_item(row) if row.live else None
    return {
        "row": row,
        "arranged": arranged,
        "swap": arranged.edits.get("swap"),
        "facts": [*cancel_facts(row, labels), *next_order_facts(item, arranged), *terms(row, arranged)],
        "next_order": item.order if item else None,
    }


def cancel_facts(row: Subscription, labels: Mapping[int, str]) -> list[Fact]:
    if row.cancelled is None:
        return []
    reason = describe_reason(row, labels)
    facts = [Fact("Cancelled", date_format(row.cancelled))]
    return [*facts, Fact("Reason", reason)] if reason else facts


def next_order_facts(item: Item | None, arranged: Arranged) -> list[Fact]:
    if item is None:
        return []
    order: Order = item.order
    text = f"{date_format(order.place_date)}, {money(item.total_price, order.currency_code)}"
    return [
        Fact("Next order", text, arranged.edits.get("change_date"), "" if order.is_open else order.get_status_display())
    ]


def terms(row: Subscription, arranged: Arranged) -> list[Fact]:
    edits = arranged.edits
    price = money(row.product.price if row.price is None else row.price, row.currency_code)
    facts = [
        Fact("Quantity", str(row.quantity), edits.get("change_quantity")),
        Fact("Frequency", row.frequency_description, edits.get("change_frequency")),
        Fact("Unit price", price if row.price is None else f"{price}, locked", edits.get("change_price")),
        Fact("Offer", str(row.offer or "None"), edits.get("change_offer")),
        Fact("Ships to", shipping(row), edits.get("change_address")),
        Fact("Pays with", card(row.payment), edits.get("change_card"), card_warning(row)),
    ]
    if row.has_prepaid:
        left = f"{row.prepaid_orders_remaining} of {row.prepaid_orders_per_billing} orders left"
        then = row.get_renewal_behavior_display().lower()
        facts.append(Fact("Prepaid", f"{left}, then {then}", edits.get("change_renewal")))
    return [fact for fact in facts if fact.edit or fact.text != "None"]


def shipping(row: Subscription | Order) -> str:
    return ", ".join(filter(None, [name_of(row.shipping_address), address_lines(row.shipping_address)]))


def card(payment: Payment) -> str:
    expiry = card_expiry(payment)
    return f"{payment}, {expiry.lower()}" if expiry else str(payment)


def card_warning(row: Subscription) -> str:
    """Set when the card ends before the next order."""
    item, ends = next_item(row) if row.live else None, row.payment.expires_on
    return "Expires before the next order" if item and ends and ends < item.order.place_date else ""
