"""Order reminders in bulk: the same code for one order or thousands, in a few statements."""

from collections.abc import Callable, Sequence

from django.db.models import QuerySet

from common.db import AnyOf, Query, execute, pipeline, reserve_ids
from subscriptions import calendar
from subscriptions.actions import bulk_orders, totals
from subscriptions.actions.core import ActionContext, record_actions
from subscriptions.actions.customer_lock import lock_customers
from subscriptions.actions.subjects import attach_customer
from subscriptions.actors import Actor
from subscriptions.events import catalogue, payloads
from subscriptions.models import Activity, Customer, Event, Item, Merchant, Order

DueOrders = Callable[[QuerySet[Customer]], QuerySet[Order]]
VERB = "order.remind"
PART = 100  # orders; PostgreSQL writes one part while Python prepares the next
# The columns of an order, its payment and its address that payloads and totals need.
NEEDED = (
    *("merchant", "public_id", "customer", "status", "place_date", "reminded_for", "locked", "oos_free_shipping"),
    *("sub_total", "shipping_total", "discount_total", "total", "currency_code", "tries"),
    *(f"payment__{name}" for name in ("payment_method", "cc_number_ending", "cc_type", "expires_on")),
    *(
        f"shipping_address__{name}"
        for name in ("address", "address2", "city", "state_province_code", "zip_postal_code", "country_code")
    ),
)


def remind_customers(
    merchant: Merchant, customers: Sequence[int], due: DueOrders, *, actor: Actor
) -> list[ActionContext[Order]]:
    """`upcoming_order.remind` for all orders of these customers, given by key, that are due a reminder.

    `due` gets the locked customers and returns their orders that are due. Orders that are no longer open or already
    had their reminder are left out. Returns the contexts of the others. Raises `Busy` when another write holds one of
    the customers.
    """
    with lock_customers(merchant, customers) as locked:
        if not locked:
            return []
        by_key = {customer.pk: customer for customer in locked}
        orders = _load_orders(merchant, list(by_key), due)
        items = bulk_orders.load_items_of_orders(orders)
        contexts: list[ActionContext[Order]] = []
        with pipeline(), reserve_ids({Activity: 1, Event: 1}, times=len(orders)):
            # Check constraints with each write, while the next part is prepared, instead of all at the commit.
            execute("SET CONSTRAINTS ALL IMMEDIATE")
            for begin in range(0, len(orders), PART):
                part = [
                    ActionContext(
                        VERB, actor, by_key[order.customer_id], attach_customer(order, by_key[order.customer_id])
                    )
                    for order in orders[begin : begin + PART]
                ]
                sentences = _emit_reminders(part, items[begin : begin + PART])
                record_actions(list(zip(part, sentences, strict=True)))
                contexts += part
            execute("SET CONSTRAINTS ALL DEFERRED")
    return contexts


def _load_orders(merchant: Merchant, customers: Sequence[int], due: DueOrders) -> list[Order]:
    found = due(merchant.customers.filter(pk=AnyOf("customers"))).select_related("payment", "shipping_address")
    # Even for a single run, a `Query` builds rows faster than a queryset does.
    orders = Query(lambda: found.only(*NEEDED)).all(customers=customers)
    return [order for order in orders if order.is_open and needs_reminder(order)]


def needs_reminder(order: Order) -> bool:
    """Whether the customer still needs a reminder of the order for its current date."""
    return order.reminded_for != order.place_date


def remind_of_orders(contexts: Sequence[ActionContext[Order]]) -> list[str]:
    """Remind customers of orders of one merchant, at current prices. Returns the sentence for each order."""
    return _emit_reminders(contexts, bulk_orders.load_items_of_orders([context.subject for context in contexts]))


def _emit_reminders(
    contexts: Sequence[ActionContext[Order]], orders: Sequence[tuple[Order, Sequence[Item]]]
) -> list[str]:
    """Like `remind_of_orders`; `orders` are the subjects of `contexts` with their items."""
    bulk_orders.reprice_items((item for _, items in orders for item in items), totals.current_price)
    for order, _ in orders:
        order.reminded_for = order.place_date
    bulk_orders.save_totals_of_orders(orders, "reminded_for")
    for context, facts in zip(contexts, payloads.order_payloads(orders), strict=True):
        context.emit(catalogue.ORDER_REMINDER, context.subject, facts)
    return [f"Reminded the customer of the order of {calendar.human_date(order.place_date)}." for order, _ in orders]
