"""The figures of links: what clicks in a range of days led to, by day, action, link and landing page."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from oneclick.analytics.roll_up import ROLL_UP
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

    `orders` and `value` are gained by clicks that were not undone.
    """

    opened: int = 0
    acted: int = 0
    undone: int = 0
    replayed: int = 0
    machines: int = 0
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


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one day, action, link and landing page; the last two by their keys."""

    day: date
    action: str
    link: int | None
    landing_page: int | None
    figures: Figures


def click_figures(merchant: Merchant, selection: Selection) -> list[Row]:
    """The rows of clicks by day, action, link and landing page, mostly from the roll-up.

    Clicks of test customers do not count.
    """
    found: dict[tuple[Any, ...], Figures] = {}
    sums = read_figures(ROLL_UP, merchant, selection.first, selection.last, selection.only)
    for (*key, refusal), (refused, *counts) in sums.items():
        opened, acted, undone, replayed, machines, kept, orders, value = counts
        refusals = Counter({refusal: refused}) if refused else Counter[str]()
        figures = Figures(opened, acted, undone, replayed, machines, refusals, kept, orders, value)
        found.setdefault(tuple(key), Figures()).add(figures)
    return [Row(*[*key, found[key]]) for key in sorted(found, key=_sort_key)]


def _sort_key(key: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """Sorts days by date and ids by number; clicks without a saved link or landing page come first."""
    return [(part is not None, part) for part in key]


def sum_figures(found: Iterable[Row]) -> Figures:
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
