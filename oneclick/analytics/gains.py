"""The items that clicks gained, one by one: the figures `orders` and `value` add them up."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from oneclick.analytics.roll_up import clicks_of_days, item_gains, subscription_gains
from oneclick.models import Click
from subscriptions.figures.roll_ups import use_custom_plans
from subscriptions.figures.spans import ALWAYS, span_of_days
from subscriptions.models import Item, Merchant

SMALLEST_PART, LARGEST_PART = 400, 12_800  # clicks


@dataclass(frozen=True, slots=True)
class Gain:
    """A placed item with its order and product, and the click that gained it with its link and customer."""

    click: Click
    item: Item


def find_gains(merchant: Merchant, days: Sequence[date], only: Q, most: int | None = None) -> list[Gain]:
    """What the clicks of these days gained, the latest click first; `only` filters the clicks."""
    if not days:
        return []
    spans = [span_of_days(day, day, merchant.time_zone) for day in days]
    lasting = clicks_of_days(merchant, spans, only).filter(Click.not_undone(merchant))
    keys: list[Any] = []
    with use_custom_plans():
        for clicks in [lasting] if most is None else _parts(lasting):
            pairs = [
                *_pairs(subscription_gains(clicks, merchant, ALWAYS, spans), "subscription__items"),
                *_pairs(item_gains(clicks, ALWAYS), "item"),
            ]
            keys += [key for _, *key in sorted(pairs, reverse=True)]
            if most is not None and len(keys) >= most:
                break
    return _read_gains(merchant, keys[:most])


def _parts(clicks: QuerySet[Click]) -> Iterator[QuerySet[Click]]:
    """The clicks in larger and larger parts, the latest first: a day may have many more than a page shows."""
    size, earlier = SMALLEST_PART, Q()
    while True:
        part = list(clicks.filter(earlier).order_by("-at", "-pk").values_list("at", "pk")[:size])
        yield clicks.filter(pk__in=[pk for _, pk in part])
        if len(part) < size:
            return
        at, pk = part[-1]
        # The first condition is for the index, the second for clicks of the same moment.
        earlier = Q(at__lte=at) & (Q(at__lt=at) | Q(pk__lt=pk))
        size = min(size * 2, LARGEST_PART)


def _pairs(gains: QuerySet[Click], item: str) -> Iterable[Any]:
    """Time and key of each click, with the key of the item that it gained."""
    return gains.values_list("at", "pk", item)


def _read_gains(merchant: Merchant, keys: list[Any]) -> list[Gain]:
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
