"""One order as a card: its state, items and money, and everything staff may do to it and its items."""

from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.utils.formats import date_format

from subscriptions.admin.acts.arranged import Arranged, Fact, arrange
from subscriptions.admin.acts.subscription_card import card, shipping
from subscriptions.models import Item, Order, OrderStatus
from subscriptions.money import money
from subscriptions.staff.previews import UNFINISHED
from subscriptions.staff.site import site

FIRST = ("retry", "placed", "not_placed", "rescue", "give_up", "skip", "add_product", "send_now")
EDITS = ("change_date", "change_address", "change_card")


def load_card_rows(*found: QuerySet[Order]) -> list[list[Order]]:
    """Each of `found` as a list, with all that cards show and that their buttons ask for: one query more."""
    lists = [list(orders.select_related("payment", "shipping_address")) for orders in found]
    items = Item.objects.select_related("product", "subscription").order_by("pk")
    prefetch_related_objects([order for orders in lists for order in orders], Prefetch("items", items))
    return lists


def order_card(request: HttpRequest, row: Order, *, is_own_page: bool = False) -> dict[str, Any]:
    """`row` comes from `load_card_rows`. Only its own page asks whether a rejected order can be rescued, and shows
    address and card of an order that is settled.
    """
    has_buttons = is_own_page or row.status != OrderStatus.REJECTED
    buttons = site.get_model_admin(Order).offered_buttons(request, row) if has_buttons else []
    arranged = arrange(buttons, FIRST, EDITS)
    return {
        "row": row,
        "label": row.status_row.color,
        "arranged": arranged,
        "date": arranged.edits.get("change_date"),
        "lines": [item_line(request, row, item) for item in row.items.all()],
        "money": money_lines(row),
        "total": money(row.total, row.currency_code),
        "facts": order_facts(row, arranged, is_complete=is_own_page),
    }


def item_line(request: HttpRequest, order: Order, item: Item) -> dict[str, Any]:
    buttons = site.get_model_admin(Item).offered_buttons(request, item) if order.is_open else []
    return {
        "row": item,
        "buttons": buttons,
        "unit": f"{money(item.price, order.currency_code)} each" if item.quantity > 1 else "",
        "before": money(item.price * item.quantity, order.currency_code)
        if item.total_price != item.price * item.quantity
        else "",
        "total": money(item.total_price, order.currency_code),
    }


def money_lines(order: Order) -> list[tuple[str, str]]:
    """What stands between the items and the total; nothing that is zero."""
    lines = {"Shipping": order.shipping_total, "Tax": order.tax_total}
    shown = [(name, money(amount, order.currency_code)) for name, amount in lines.items() if amount]
    if order.discount_total:
        amount = money(order.discount_total, order.currency_code)
        shown.append(("Discounts, already deducted", f"−{amount}"))
    return shown


def order_facts(order: Order, arranged: Arranged, *, is_complete: bool) -> list[Fact]:
    edits = arranged.edits
    facts = []
    if is_complete or order.status in UNFINISHED:
        facts += [
            Fact("Ships to", shipping(order), edits.get("change_address")),
            Fact("Pays with", card(order.payment), edits.get("change_card")),
        ]
    if order.tries and order.status != OrderStatus.SUCCESS:
        tried = f", last on {date_format(order.tried_at)}" if order.tried_at else ""
        facts.append(Fact("Attempts", f"{order.tries}{tried}"))
    if order.rejected_message:
        code = f" ({order.rejected_error_code})" if order.rejected_error_code else ""
        facts.append(Fact("Last answer", f"{order.rejected_message}{code}"))
    return facts
