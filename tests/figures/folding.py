"""Folding by hand, and what the roll-ups must say."""

from datetime import date
from typing import Any

from subscriptions.figures import active, roll_ups
from subscriptions.figures.roll_ups import all_kinds, read_figures
from subscriptions.figures.spans import ALWAYS, span_of_days
from subscriptions.models import Merchant, RollUp, Subscription

FIRST, LAST = date(2026, 7, 1), date(2027, 3, 31)


def fold(merchant: Merchant) -> None:
    """Fold all kinds of the merchant's figures, as workers do."""
    for name in all_kinds():
        row, _ = RollUp.objects.get_or_create(merchant=merchant, name=name)
        roll_ups.continue_fold(row.pk)
    active.fold_changes()


def assert_exact(merchant: Merchant) -> None:
    """Whatever is folded, the figures are those that the rows give."""
    merchant.refresh_from_db()
    days = [span_of_days(FIRST, LAST, merchant.time_zone)]
    for kind in all_kinds().values():
        counted = roll_ups._add_up(kind.count(merchant, ALWAYS, days, roll_ups.Q()))
        found = read_figures(kind, merchant, FIRST, LAST)
        assert without_zeros(found) == without_zeros(counted), kind.name
    live = Subscription.objects.live().filter(merchant=merchant, customer__is_test=False)
    expected = (live.count(), live.values("customer").distinct().count())
    assert tuple(active.count_active(merchant)) == expected


def without_zeros(found: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    return {key: sums for key, sums in found.items() if any(sums)}
