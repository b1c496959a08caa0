"""What cancellations are expected to take away from a forecast, at the rate of the last 90 days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from subscriptions import calendar
from subscriptions.figures.active import count_active
from subscriptions.figures.business import CANCELLED, read_business
from subscriptions.figures.forecast import Coming
from subscriptions.models import Merchant

RATE_DAYS = 90
CENT, TENTH = Decimal("0.01"), Decimal("0.1")


class Rate(NamedTuple):
    """Of `subscriptions`, live now or cancelled since, so many were cancelled in the last `RATE_DAYS` days."""

    cancelled: int
    subscriptions: int

    @property
    def share(self) -> float:
        return self.cancelled / self.subscriptions if self.subscriptions else 0

    def lost_after(self, days: int) -> Decimal:
        """The share of today's subscriptions that is expected to be cancelled so many days from now."""
        return Decimal(1 - (1 - self.share) ** (days / RATE_DAYS))


@dataclass(slots=True)
class Expected:
    """A measure of some days: of open orders, of what follows them, and what cancellations take away of both."""

    scheduled: Decimal = Decimal(0)
    following: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return self.scheduled + self.following - self.lost

    def add(self, amount: Decimal, follows: bool, lost: Decimal) -> None:
        if follows:
            self.following += amount
        else:
            self.scheduled += amount
        self.lost += amount * lost

    def rounded(self, unit: Decimal) -> "Expected":
        return Expected(self.scheduled, self.following, self.lost.quantize(unit, ROUND_HALF_UP))


class Outlook(NamedTuple):
    """What is expected until `days` from now; units and revenue by product. Losses are rounded, so all sums agree."""

    days: int
    orders: Expected
    units: dict[int, Expected]
    revenue: dict[int, Expected]


def read_rate(merchant: Merchant) -> Rate:
    today = calendar.today(merchant.time_zone)
    first = today - timedelta(days=RATE_DAYS - 1)
    cancelled = read_business(merchant, first, today).count(CANCELLED)
    return Rate(cancelled, count_active(merchant).subscriptions + cancelled)


def make_outlook(merchant: Merchant, coming: Iterable[Coming], rate: Rate, days: int) -> Outlook:
    today, outlook = calendar.today(merchant.time_zone), Outlook(days, Expected(), {}, {})
    for each in coming:
        ahead = (each.day - today).days
        if ahead > days:
            continue
        lost = rate.lost_after(ahead)
        if each.product is None:
            outlook.orders.add(Decimal(each.orders), each.follows, lost)
            continue
        outlook.units.setdefault(each.product, Expected()).add(Decimal(each.units), each.follows, lost)
        outlook.revenue.setdefault(each.product, Expected()).add(each.revenue, each.follows, lost)
    return Outlook(
        days,
        outlook.orders.rounded(TENTH),
        {product: expected.rounded(TENTH) for product, expected in outlook.units.items()},
        {product: expected.rounded(CENT) for product, expected in outlook.revenue.items()},
    )


def sum_expected(parts: Iterable[Expected]) -> Expected:
    sums = Expected()
    for part in parts:
        sums.scheduled += part.scheduled
        sums.following += part.following
        sums.lost += part.lost
    return sums
