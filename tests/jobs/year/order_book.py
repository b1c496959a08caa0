"""A person's orders and events by the rules; it calls nothing of the product.

Times are UTC. Days, hours and dates are New York's.
"""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from zoneinfo import ZoneInfo

from tests.jobs.year.plan import OFFER_PERCENT, PRICES, SHIPPING, Person, Stage, Sub

OPEN, REJECTED, CANCELLED, PLACED, VERIFYING, QUEUED = 1, 3, 4, 5, 10, 11
UNKNOWN, UNREADABLE, TEMPORARY, MERGED, RETRY, INSTRUCTION = 13, 14, 15, 17, 18, 19
ZERO = Decimal(0)


@cache
def hour_of_day(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo("America/New_York")).date()


def add_periods(day: date, number: int, period: int) -> date:
    """`number` frequencies later; the end of a month is the last day of a shorter one."""
    if period in (1, 2):
        return day + timedelta(days=number * (1, 7)[period - 1])
    year, month = divmod(day.month - 1 + number, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass(eq=False)
class Standing:
    """The present state of a subscription."""

    sub: Sub
    live: bool = True
    reminder_days: int = 5
    cycle: list[object] | None = None  # prepaid: orders per billing, remaining, renewal


@dataclass(eq=False)
class Line:
    standing: Standing
    price: Decimal
    coming: bool = True
    total: Decimal = ZERO
    missing_since: date | None = None


@dataclass(eq=False)
class Order:
    day: date
    lines: list[Line] = field(default_factory=list)
    status: int = OPEN
    waits_for_stock: bool = False
    total: Decimal = ZERO
    tries: int = 0
    declines: int = 0
    errors: int = 0
    declined_on: date | None = None
    retry_at: datetime | None = None
    reminded_for: date | None = None
    is_placed_there: bool = False  # at the platform, whatever we know

    @property
    def is_open(self) -> bool:
        return self.status == OPEN and not self.waits_for_stock


class OrderBook:
    """The orders of one person: `orders`, and `emitted` with (when, what, about what, tries, code)."""

    def __init__(self, person: Person, stage: Stage) -> None:
        self.orders: list[Order] = []
        self.emitted: list[tuple[datetime, str, str, int | None, str]] = []
        self.attempts: list[tuple[date, int, str]] = []
        self.prices = {name: Decimal(price) for name, price in PRICES.items()}
        self.in_stock = dict.fromkeys(PRICES, True)
        self.now, self.stage = hour_of_day(stage.day, 12), stage
        self.standings = {
            sub.key: Standing(sub, reminder_days=sub.reminder_days, cycle=list(sub.prepaid) if sub.prepaid else None)
            for sub in person.subs
        }
        for standing in self.standings.values():
            self.add(standing, standing.sub.first)

    def follow_up(self, lines: list[Line], start: date) -> None:
        for line in [line for line in lines if line.coming]:
            line.coming = False
            self.add(line.standing, self.next_day(line.standing.sub, start))

    def next_day(self, sub: Sub, start: date) -> date:
        steps = 1
        while (day := add_periods(start, sub.every * steps, sub.every_period)) <= local_day(self.now):
            steps += 1
        return day

    def add(self, standing: Standing, day: date) -> None:
        sub = standing.sub
        price = self.prices[sub.product] if sub.price is None else sub.price
        order = self.open_on(day) or Order(day)
        if order not in self.orders:
            self.orders.append(order)
        order.lines.append(Line(standing, price))
        self.add_up(order)

    def open_on(self, day: date) -> Order | None:
        return next((order for order in self.orders if order.is_open and order.day == day), None)

    def coming(self, standing: Standing) -> tuple[Order | None, Line | None]:
        pairs = ((order, line) for order in self.orders for line in order.lines)
        return next((pair for pair in pairs if pair[1].coming and pair[1].standing is standing), (None, None))

    def dated(self, wanted: object) -> list[Order]:
        return sorted(filter(wanted, self.orders), key=lambda order: order.day)

    # Money

    def present_price(self, line: Line) -> Decimal:
        sub = line.standing.sub
        return self.prices[sub.product] if sub.price is None else sub.price

    def add_up(self, order: Order) -> None:
        for line in order.lines:
            line.total = line.price * line.standing.sub.quantity
            if line.standing.cycle:
                per_billing, remaining, _ = line.standing.cycle
                line.total *= 0 if remaining else per_billing
            if line.standing.sub.has_offer:
                off = (line.total * OFFER_PERCENT / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
                line.total -= off
        shipping = ZERO if order.waits_for_stock or not order.lines else SHIPPING
        order.total = sum((line.total for line in order.lines), ZERO) + shipping

    def emit(self, what: str, order: Order, code: str = "") -> None:
        self.emitted.append((self.now, what, order.day.isoformat(), order.tries, code))

    def orders_of(self) -> list[object]:
        return [
            (
                order.day,
                order.status,
                order.waits_for_stock,
                order.tries,
                order.declines,
                order.errors,
                order.total,
                tuple(sorted((line.standing.sub.key, line.price, line.total) for line in order.lines)),
            )
            for order in self.orders
        ]
