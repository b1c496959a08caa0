"""Cancellations by day, reason and product: what Home counts as cancelled and lost by it, in more detail.

The product is the one that the subscription had when it was cancelled, by the shop's ID as the event tells it. It may
have been changed since. Test customers do not count.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, TruncDate

from subscriptions.events import catalogue
from subscriptions.figures.business import NOTHING, REASON, find_test_customers, last_placed_amount
from subscriptions.figures.roll_ups import Counted, RollUpKind, read_figures
from subscriptions.figures.spans import Span, any_covers
from subscriptions.models import DailyCancellations, Event, Merchant

PRODUCT = Coalesce(KeyTextTransform("product_id", "payload"), Value(""), output_field=TextField())


class Cancellations(NamedTuple):
    """`amount` is what the last placed orders brought by these subscriptions."""

    day: date
    reason: str
    product: str
    n: int
    amount: Any


def read_cancellations(merchant: Merchant, first: date, last: date, only: Q | None = None) -> list[Cancellations]:
    """Those of these days; `only` filters by `reason` and `product`."""
    found = read_figures(ROLL_UP, merchant, first, last, only)
    return [Cancellations(*key, *sums) for key, sums in sorted(found.items()) if sums[0]]


def with_reason_and_product(events: QuerySet[Event]) -> Any:
    """Those of `events` that are cancellations, with `reason` and `product` as the figures name them."""
    return events.filter(kind=catalogue.SUBSCRIPTION_CANCEL).annotate(reason=REASON, product=PRODUCT)


def count_facts(merchant: Merchant, facts: Span, days: Sequence[Span], only: Q) -> Counted:
    """`RollUpKind.count`: the sums are number and amount."""
    events = Event.objects.filter(facts.covers("at") & any_covers(days, "at"), merchant=merchant)
    rows = (
        with_reason_and_product(events.exclude(customer__in=find_test_customers(merchant)))
        .filter(only)
        .annotate(day=TruncDate("at", tzinfo=ZoneInfo(merchant.time_zone)), lost=last_placed_amount(merchant))
        .values_list("day", "reason", "product")
        .annotate(n=Count("pk"), sum=Coalesce(Sum("lost"), NOTHING))
        .order_by()
    )
    for *key, n, amount in rows:
        yield tuple(key), (n, amount)


ROLL_UP = RollUpKind(
    name="cancellations",
    model=DailyCancellations,
    keys=("day", "reason", "product"),
    sums=("n", "amount"),
    facts={Event: "at"},
    count=count_facts,
    unique="day, reason, product",
)
