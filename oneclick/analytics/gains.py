"""The items that clicks gained, one by one: the figures `orders` and `value` add them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from oneclick.analytics.gained_items import GAINS
from oneclick.models import Click
from subscriptions.figures.roll_ups import read_figures
from subscriptions.models import Item, Merchant


@dataclass(frozen=True, slots=True)
class Gain:
    """A placed item with its order and product, and the click that gained it with its link and customer."""

    click: Click
    item: Item


def find_gains(merchant: Merchant, days: Sequence[date], only: Q, most: int | None = None) -> list[Gain]:
    """What the clicks of these days and of those between gained, the latest click first; `only` filters the clicks."""
    if not days:
        return []
    found = read_figures(GAINS, merchant, min(days), max(days), only, by=["day", "click", "item"])
    keys = [(click, item) for _, click, item in sorted(found, reverse=True)[:most]]
    clicks = Click.objects.filter(merchant=merchant).select_related("link", "token__customer")
    items = Item.objects.filter(merchant=merchant).select_related("order", "product")
    known = clicks.in_bulk([click for click, _ in keys]), items.in_bulk([item for _, item in keys])
    return [Gain(known[0][click], known[1][item]) for click, item in keys if click in known[0] and item in known[1]]


def split_days(orders: dict[date, int], rows: int) -> list[list[date]]:
    """The days with gained `orders`, the latest first, in groups of at least so many rows, without reading any."""
    groups: list[list[date]] = []
    room = 0
    for day in sorted((day for day, n in orders.items() if n), reverse=True):
        if room <= 0:
            groups.append([])
            room = rows
        groups[-1].append(day)
        room -= orders[day]
    return groups
