"""Reminders of coming orders, of one or of very many: what is told, at which prices, is worked out for all at once."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db.models import QuerySet

from common.db import Query, pipeline, reserve_ids
from subscriptions import calendar
from subscriptions.actions import bulk_orders, totals
from subscriptions.actions.core import ActionContext, lock_customers, record_actions
from subscriptions.actions.subjects import attach_customer
from subscriptions.actors import Actor
from subscriptions.events import catalogue, payloads
from subscriptions.models import Activity, Customer, Event, Item, Merchant, Order

Due = Callable[[QuerySet[Customer]], QuerySet[Order]]
VERB = "order.remind"
# PostgreSQL writes so many while the next are worked out.
PART = 100
# What payloads and the totals need of an order, its payment and its address.
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
    merchant: Merchant, customers: Sequence[int], due: Due, *, actor: Actor
) -> list[ActionContext[Order]]:
    """`upcoming_order.remind` for each open order that is `due` of these customers, in a few statements for all.

    `due` narrows the customers, who are then held, down to orders of theirs. One that its customer was reminded of is
    passed over. Raises `Busy` when another write holds one of the customers.
    """
    with _undisturbed(), lock_customers(merchant, customers) as held:
        if not held:
            return []
        by_key = {customer.pk: customer for customer in held}
        found = due(merchant.customers.filter(pk__in=by_key)).select_related("payment", "shipping_address")
        # Prepared though it runs once: rows are then made without the constructors of models.
        acts = [
            ActionContext(VERB, actor, by_key[order.customer_id], attach_customer(order, by_key[order.customer_id]))
            for order in Query(lambda: found.only(*NEEDED)).all()
            if order.is_open and needs_reminder(order)
        ]
        found_lines = bulk_orders.load_items_of_orders([context.subject for context in acts])
        with reserve_ids({Activity: 1, Event: 1}, acts=len(acts)), pipeline():
            for begin in range(0, len(acts), PART):
                part = acts[begin : begin + PART]
                record_actions(list(zip(part, _remind_of_orders(part, found_lines[begin : begin + PART]), strict=True)))
    return acts


def needs_reminder(order: Order) -> bool:
    """Whether its customer has not been reminded of it for this date."""
    return order.reminded_for != order.place_date


def remind_of_orders(acts: Sequence[ActionContext[Order]]) -> list[str]:
    """Remind of orders of one merchant, at the prices that now count; a sentence for each."""
    return _remind_of_orders(acts, bulk_orders.load_items_of_orders([context.subject for context in acts]))


def _remind_of_orders(acts: Sequence[ActionContext[Order]], found: Sequence[tuple[Order, Sequence[Item]]]) -> list[str]:
    bulk_orders.reprice_items((item for _, items in found for item in items), totals.current_price)
    for order, _ in found:
        order.reminded_for = order.place_date
    bulk_orders.save_totals_of_orders(found, "reminded_for")
    for context, facts in zip(acts, payloads.order_payloads(found), strict=True):
        context.emit(catalogue.ORDER_REMINDER, context.subject, facts)
    return [f"Reminded of the order of {calendar.human_date(order.place_date)}." for order, _ in found]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No search for garbage: what is made lives until the end, and looking at it over and over takes a third longer."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()
