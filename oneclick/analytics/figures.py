"""The figures of links: what clicks in a range of days led to, by day, action, link, landing page and product."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from oneclick.analytics.roll_up import KEYS, ROLL_UP
from subscriptions.figures.roll_ups import read_figures
from subscriptions.models import Merchant

KEPT_DAYS = 400
"""Clicks are removed after this many days."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A range of days in the merchant's zone, both ends included; `only` filters the clicks."""

    first: date
    last: date
    only: Q = Q()


@dataclass(slots=True)
class Figures:
    """`refused` counts by code. `kept` counts placed orders that were delayed or that followed a skipped one.

    `orders` and `value` are gained by clicks that were not undone. `machines` are all visits of likely machines, of
    which `machines_acted` acted; they are in no other figure.
    """

    opened: int = 0
    acted: int = 0
    undone: int = 0
    replayed: int = 0
    machines: int = 0
    machines_acted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    orders: int = 0
    value: Decimal = Decimal(0)

    def add(self, other: "Figures") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def refusals(self) -> int:
        return self.refused.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of one day, action, link, landing page and product; the last three by their keys.

    What the figures are not divided by is None.
    """

    figures: Figures
    day: Any = None
    action: Any = None
    link: int | None = None
    landing_page: int | None = None
    product: int | None = None


def click_figures(merchant: Merchant, selection: Selection, by: Sequence[str] = KEYS) -> list[Row]:
    """The rows of the days, divided by these of `KEYS`, in their order. Clicks of test customers do not count.

    The database adds up what `by` leaves out. Ask for no more than is shown: a day may have clicks on many products.
    """
    found: dict[tuple[Any, ...], Figures] = {}
    sums = read_figures(ROLL_UP, merchant, selection.first, selection.last, selection.only, [*by, "refusal"])
    for (*key, refusal), (refused, *counts) in sums.items():
        opened, acted, undone, replayed, machines, machines_acted, *gains = counts
        refusals = Counter({refusal: refused}) if refused else Counter[str]()
        figures = Figures(opened, acted, undone, replayed, machines, machines_acted, refusals, *gains)
        found.setdefault(tuple(key), Figures()).add(figures)
    return [Row(figures=found[key], **dict(zip(by, key, strict=True))) for key in sorted(found, key=_sort_key)]


def _sort_key(key: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """Sorts days by date and ids by number; clicks without a saved link, landing page or product come first."""
    return [(part is not None, part) for part in key]


def sum_figures(found: Iterable[Any]) -> Figures:
    """The sum of all that have `figures`."""
    sums = Figures()
    for row in found:
        sums.add(row.figures)
    return sums


def group_figures(found: Iterable[Row], name: str) -> dict[Any, Figures]:
    """The figures by one of the names of a row's key."""
    sums: dict[Any, Figures] = {}
    for row in found:
        sums.setdefault(getattr(row, name), Figures()).add(row.figures)
    return sums
