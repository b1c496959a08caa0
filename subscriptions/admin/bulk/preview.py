"""What a bulk change would do, counted without trying."""

from typing import Any

from django.db.models import Case, Count, F, IntegerField, QuerySet, Sum, Value, When

from subscriptions.actions.bulk import BulkKind
from subscriptions.actions.bulk.kind import Answers
from subscriptions.actions.bulk.run import MOST_ROWS
from subscriptions.models import Merchant, Order
from subscriptions.money import money

FREE = -1


def preview_run(merchant: Merchant, kind: BulkKind, rows: QuerySet[Any], answers: Answers) -> dict[str, Any]:
    """How many rows there are and how many would be refused, each with the reason; of orders also what they come to."""
    rows = rows.order_by()
    total = rows[: MOST_ROWS + 1].count()
    if total > MOST_ROWS:
        return {"total": total, "most": MOST_ROWS, "is_too_much": True}
    obstacles = kind.obstacles(merchant, answers)
    first = Case(
        *(When(obstacle.rows, then=Value(number)) for number, obstacle in enumerate(obstacles)),
        default=Value(FREE),
        output_field=IntegerField(),
    )
    grouped = rows.annotate(obstacle=first).values("obstacle").annotate(n=Count("pk"))
    counts: dict[int, int] = dict(grouped.values_list("obstacle", "n"))
    return {
        "total": total,
        "free": counts.get(FREE, 0),
        "refusals": [(each.sentence, counts[n]) for n, each in enumerate(obstacles) if n in counts],
        "sums": order_sums(rows.annotate(obstacle=first).filter(obstacle=FREE)) if kind.model is Order else [],
    }


def order_sums(rows: QuerySet[Order]) -> list[str]:
    """What the orders come to, in each currency."""
    sums = rows.values(currency=F("currency_code")).annotate(amount=Sum("total")).order_by("currency")
    return [money(each["amount"], each["currency"]) for each in sums]
