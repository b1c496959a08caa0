"""What a button would do to a customer's orders: it is done, compared and taken back, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from subscriptions.calendar import human_date
from subscriptions.errors import DomainError
from subscriptions.models import Order, OrderStatus, statuses_where
from subscriptions.money import money

UNFINISHED = statuses_where(lambda row: row.changeable or row.in_placement)
MOST_ORDERS = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """The changes, a sentence for each; or the `refusal`, the sentence that pressing the button would give."""

    changes: list[str]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class SeenOrder:
    day: date
    status: int
    total: str
    contents: list[tuple[int, str]]

    @property
    def name(self) -> str:
        return f"order of {human_date(self.day)}"


def preview(customer: int, merchant: int, run: Callable[[], Any]) -> Outcome:
    """What `run` would change of this customer's orders. Nothing of it stays, events and deliveries included."""
    with transaction.atomic():
        before = see_orders(customer, merchant)
        try:
            run()
            outcome = Outcome(describe_changes(before, see_orders(customer, merchant)))
        except DomainError as error:
            outcome = Outcome([], error.sentence)
        transaction.set_rollback(True)
    return outcome


def see_orders(customer: int, merchant: int) -> dict[int, SeenOrder]:
    found = Order.objects.filter(merchant=merchant, customer=customer, status__in=UNFINISHED)
    rows = found.prefetch_related("items__product").order_by("place_date", "pk")[:MOST_ORDERS]
    return {
        row.pk: SeenOrder(
            row.place_date,
            row.status,
            money(row.total, row.currency_code),
            [(item.pk, str(item)) for item in row.items.all()],
        )
        for row in rows
    }


def describe_changes(before: dict[int, SeenOrder], after: dict[int, SeenOrder]) -> list[str]:
    changes = []
    for key, now in after.items():
        was = before.get(key)
        if was is None:
            changes.append(f"New {now.name}: {contents(now)}, {now.total}.")
        elif was != now:
            changes.append(describe_change(was, now))
    gone = [f"No {was.name} any more." for key, was in before.items() if key not in after]
    return [*gone, *changes] or ["No upcoming order changes."]


def describe_change(was: SeenOrder, now: SeenOrder) -> str:
    parts = []
    if now.status == OrderStatus.SEND_NOW != was.status:
        parts.append("is sent now")
    elif now.status != was.status:
        parts.append(f"becomes “{OrderStatus(now.status).label}”")
    elif now.day != was.day:
        parts.append(f"moves to {human_date(now.day)}")
    if now.contents != was.contents:
        parts.append(f"holds {contents(now)}")
    if now.total != was.total:
        parts.append(f"comes to {now.total} instead of {was.total}")
    elif not parts or now.status == OrderStatus.SEND_NOW:
        parts.append(f"comes to {now.total}")
    return f"The {was.name} {' and '.join(parts)}."


def contents(order: SeenOrder) -> str:
    return ", ".join(text for _, text in order.contents)
