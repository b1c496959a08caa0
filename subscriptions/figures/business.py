"""What happened to the business by day of the merchant's zone. Test customers count nowhere.

- `new`, `reactivated`, `cancelled`: subscriptions, each time that it happened; an undo counts like the act it is. The
  detail of `cancelled` is the code of the reason, empty without one. Its amount is what the subscription's last placed
  order brought by it.
- `rejected`: orders that were rejected for good; the amount is their subtotal, after discounts and without shipping.
- `placed`: items of orders that were placed, with what they cost after discounts. The detail says why an item counts
  as recovered: `payment`, if its order had been declined or rejected before; else `reactivated`, if its subscription
  was reactivated in the 90 days before.

Recovered revenue is the amount of `placed` with a detail. Lost revenue is that of `cancelled` and `rejected`: what no
longer comes with the next order. Both count on the day on which it happened, so a rejected order that is rescued is
lost on one day and recovered on another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Left, TruncDate

from subscriptions.events import catalogue
from subscriptions.figures.roll_ups import Counted, RollUpKind, read_figures
from subscriptions.figures.spans import Span, any_covers
from subscriptions.models import Customer, DailyFigure, Event, Item, Merchant
from subscriptions.models.subscription import LONGEST_CANCEL_CODE

RECOVERY_DAYS = 90
NEW, REACTIVATED, CANCELLED, REJECTED, PLACED = "new", "reactivated", "cancelled", "rejected", "placed"
AFTER_FAILURE, AFTER_RETURN = "payment", "reactivated"
FIGURES = {
    catalogue.SUBSCRIPTION_CREATE: NEW,
    catalogue.SUBSCRIPTION_REACTIVATE: REACTIVATED,
    catalogue.SUBSCRIPTION_CANCEL: CANCELLED,
    catalogue.ORDER_REJECT: REJECTED,
}
FAILURES = [catalogue.ORDER_REJECT, catalogue.RETRYABLE_FAILURE]
COUNTED_KINDS = {*FIGURES, *FAILURES}
"""The events that all figures are counted from; those of the others may be removed."""
AMOUNT: Any = DecimalField(max_digits=28, decimal_places=2)
NOTHING = Value(Decimal(0), AMOUNT)
REASON = Left(Coalesce(KeyTextTransform("cancel_reason_code", "payload"), Value("")), LONGEST_CANCEL_CODE)
"""The code of a cancellation's reason; empty without one."""


@dataclass(slots=True)
class Business:
    """The figures of a period. `reasons` counts cancellations by the code of their reason."""

    days: dict[str, dict[date, int]] = field(default_factory=lambda: {name: {} for name in FIGURES.values()})
    reasons: dict[str, int] = field(default_factory=dict)
    recovered: dict[str, Decimal] = field(default_factory=dict)
    lost: dict[str, Decimal] = field(default_factory=dict)

    def count(self, figure: str) -> int:
        return sum(self.days[figure].values())

    @property
    def change(self) -> int:
        """By how much the number of live subscriptions changed, without imported ones."""
        return self.count(NEW) + self.count(REACTIVATED) - self.count(CANCELLED)


def read_business(merchant: Merchant, first: date, last: date) -> Business:
    found = Business()
    for (day, figure, detail), (n, amount) in read_figures(ROLL_UP, merchant, first, last).items():
        if figure == PLACED:
            if detail:
                found.recovered[detail] = found.recovered.get(detail, Decimal(0)) + amount
            continue
        found.days[figure][day] = found.days[figure].get(day, 0) + n
        if figure == CANCELLED:
            found.reasons[detail] = found.reasons.get(detail, 0) + n
        if figure in (CANCELLED, REJECTED):
            found.lost[figure] = found.lost.get(figure, Decimal(0)) + amount
    return found


def count_facts(merchant: Merchant, facts: Span, days: Sequence[Span], only: Q) -> Counted:
    """`RollUpKind.count`: the sums are number and amount."""
    yield from _count_events(merchant, only & facts.covers("at") & any_covers(days, "at"))
    yield from _count_placed(merchant, only & facts.covers("first_placed") & any_covers(days, "first_placed"))


def _count_events(merchant: Merchant, wanted: Q) -> Iterator[tuple[Any, Any]]:
    amounts = Case(
        When(kind=catalogue.SUBSCRIPTION_CANCEL, then=last_placed_amount(merchant)),
        When(kind=catalogue.ORDER_REJECT, then=Cast(KeyTextTransform("sub_total", "payload"), AMOUNT)),
        output_field=AMOUNT,
    )
    rows = (
        Event.objects.filter(wanted, merchant=merchant, kind__in=FIGURES)
        .exclude(customer__in=find_test_customers(merchant))
        .annotate(
            day=TruncDate("at", tzinfo=ZoneInfo(merchant.time_zone)),
            detail=Case(When(kind=catalogue.SUBSCRIPTION_CANCEL, then=REASON), default=Value("")),
            amount=amounts,
        )
        .values_list("day", "kind", "detail")
        .annotate(n=Count("pk"), sum=Coalesce(Sum("amount"), NOTHING))
        .order_by()
    )
    for day, kind, detail, n, amount in rows:
        yield (day, FIGURES[kind], detail), (n, amount)


def last_placed_amount(merchant: Merchant) -> Subquery:
    """Of a cancellation: what the subscription's last placed order brought by it; null without one."""
    placed = Item.objects.filter(
        merchant=merchant, subscription=OuterRef("subscription"), first_placed__lte=OuterRef("at")
    )
    return Subquery(placed.order_by("-first_placed", "-pk").values("total_price")[:1])


def _count_placed(merchant: Merchant, wanted: Q) -> Iterator[tuple[Any, Any]]:
    rows = (
        placed_items(merchant, wanted)
        .annotate(day=TruncDate("first_placed", tzinfo=ZoneInfo(merchant.time_zone)))
        .values_list("day", "detail")
        .annotate(n=Count("pk"), sum=Sum("total_price"))
        .order_by()
    )
    for day, detail, n, amount in rows:
        yield (day, PLACED, detail), (n, amount)


def placed_items(merchant: Merchant, wanted: Q) -> Any:
    """A queryset of placed items with `detail`: why they count as recovered; empty for all others."""
    earlier = Event.objects.filter(merchant=merchant, at__lte=OuterRef("first_placed"))
    failed = earlier.filter(order=OuterRef("order"), kind__in=FAILURES)
    returned = earlier.filter(
        subscription=OuterRef("subscription"),
        kind=catalogue.SUBSCRIPTION_REACTIVATE,
        at__gt=OuterRef("first_placed") - timedelta(days=RECOVERY_DAYS),
    )
    items = Item.objects.filter(wanted, merchant=merchant, first_placed__isnull=False)
    return items.exclude(order__customer__in=find_test_customers(merchant)).annotate(
        detail=Case(
            When(Exists(failed), then=Value(AFTER_FAILURE)),
            When(Exists(returned), then=Value(AFTER_RETURN)),
            default=Value(""),
            output_field=CharField(),
        )
    )


def find_test_customers(merchant: Merchant) -> Any:
    return Customer.objects.filter(merchant=merchant, is_test=True)


ROLL_UP = RollUpKind(
    name="business",
    model=DailyFigure,
    keys=("day", "figure", "detail"),
    sums=("n", "amount"),
    facts={Event: "at", Item: "first_placed"},
    count=count_facts,
    unique="day, figure, detail",
)
