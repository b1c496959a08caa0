"""The people's year by the rules, worked out day by day; it calls nothing of the product.

Times are UTC. Days, hours and dates are New York's.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.jobs.year.order_book import (
    CANCELLED,
    INSTRUCTION,
    MERGED,
    OPEN,
    PLACED,
    QUEUED,
    REJECTED,
    RETRY,
    TEMPORARY,
    UNKNOWN,
    UNREADABLE,
    VERIFYING,
    Line,
    Order,
    OrderBook,
    Standing,
    add_periods,
    hour_of_day,
    local_day,
)
from tests.jobs.year.plan import ERROR_LIMIT, Person, Stage

PLANS = {"classic": (3, 6), "optimizer": (1, 3, 6, 10, 15), "off": ()}
UNDECIDED = {UNKNOWN, TEMPORARY, VERIFYING, QUEUED, RETRY, INSTRUCTION}
NOBODY_ANSWERS = {"timeout", "lost", "500"}
STOCK_DAYS = 30
UNKNOWN_DAYS = 90
INSTRUCTION_HOURS = 24
CARD_CHECKS = (1, 15)
EARLIER_REMINDER_DAYS = 21


def live_through(person: Person, stages: list[Stage]) -> "Life":
    """Orders are placed at 5 and reminders sent at 10 o'clock."""
    life = Life(person, stages[0])
    for stage, following in zip(stages, stages[1:], strict=False):
        life.begin(stage)
        for number in range((following.day - stage.day).days + 1):
            day = stage.day + timedelta(days=number)
            if number:
                life.instructions_run_out(hour_of_day(day, 5))
                life.five_o_clock(hour_of_day(day, 5))
                life.instructions_run_out(hour_of_day(day, 10))
                life.ten_o_clock(hour_of_day(day, 10))
                life.instructions_run_out(hour_of_day(day, 12))
    return life


class Life(OrderBook):
    """One person's year."""

    # The clock

    def begin(self, stage: Stage) -> None:
        self.stage, self.now = stage, hour_of_day(stage.day, 12)
        self.in_stock |= stage.stock
        self.prices |= {name: Decimal(price) for name, price in stage.prices.items()}
        for verb, key in stage.acts:
            if standing := self.standings.get(key):
                getattr(self, verb)(standing)

    def five_o_clock(self, now: datetime) -> None:
        self.now = now
        waiting = [order for order in self.orders if order.waits_for_stock and order.status == OPEN]
        for order in sorted(waiting, key=lambda order: order.day):
            self.look_for_stock(order)
        for order in self.dated(self.is_due):
            self.send(order)
        for order in self.dated(lambda order: order.status == QUEUED):
            self.post(order)

    def ten_o_clock(self, now: datetime) -> None:
        self.now = now
        today = local_day(now)
        for order in self.dated(lambda order: order.is_open and order.day > today):
            ahead = max(line.standing.reminder_days for line in order.lines)
            if order.day - timedelta(days=ahead) == today and order.reminded_for != order.day:
                for line in order.lines:
                    line.price = self.present_price(line)
                self.add_up(order)
                order.reminded_for = order.day
                self.emit("reminder", order)
        for order in self.dated(lambda order: order.is_open and order.day >= today) if today.day in CARD_CHECKS else []:
            expires_on = order.lines[0].standing.sub.card.expires_on
            if expires_on and expires_on < order.day:
                self.emit("credit_card_expiration_warning", order)

    def instructions_run_out(self, moment: datetime) -> None:
        waiting = [order for order in self.orders if order.status == INSTRUCTION and order.retry_at <= moment]
        for order in waiting:
            self.now = order.retry_at
            self.reject(order, "140")

    # Placement

    def is_due(self, order: Order) -> bool:
        retried = order.status == RETRY and order.retry_at <= self.now
        to_come = order.is_open and order.day <= local_day(self.now)
        if not (retried or to_come or order.status in (UNKNOWN, TEMPORARY)):
            return False
        charging = [line.standing for line in order.lines if line.standing.cycle and line.standing.cycle[1] == 0]
        earlier = [each for each in self.orders if each.day < order.day and each.status in UNDECIDED]
        return not any(line.standing in charging for each in earlier for line in each.lines)

    def send(self, order: Order) -> None:
        if order.status == UNKNOWN or self.set_aside(order):
            self.queue(order)

    def queue(self, order: Order) -> None:
        for line in order.lines:
            locked = line.standing.sub.price is not None
            line.price = self.present_price(line) if locked else min(line.price, self.present_price(line))
        self.add_up(order)
        self.follow_up(order.lines, order.day)
        order.tries += 1
        order.status, order.retry_at = QUEUED, None

    def post(self, order: Order) -> None:
        card = order.lines[0].standing.sub.card
        goes_wrong = not order.is_placed_there and (card.times is None or order.tries <= card.times)
        outcome = card.outcome if goes_wrong else "000"
        if outcome in ("000", "lost"):
            order.is_placed_there = True
        self.attempts.append((order.day, order.tries, outcome))
        if outcome == "000":
            self.place(order)
        elif outcome == "140":
            self.decline(order)
        elif outcome in NOBODY_ANSWERS:
            self.hear_nothing(order)
        elif outcome == "999":
            order.errors += 1
            if order.errors > ERROR_LIMIT:
                self.reject(order, outcome)
            else:
                order.status = TEMPORARY
        elif outcome == "030":
            order.status = CANCELLED
            self.emit("cancel", order)
        elif outcome in ("garbage", "777", "010"):
            order.status = VERIFYING if outcome == "010" else UNREADABLE
        else:
            self.reject(order, outcome)

    def place(self, order: Order) -> None:
        order.status = PLACED
        self.emit("success", order)
        for standing in [line.standing for line in order.lines if line.standing.cycle]:
            per_billing, remaining, renewal = standing.cycle
            standing.cycle[1] = remaining - 1 if remaining else per_billing - 1
            if standing.live and standing.cycle[1] == 0 and renewal == "cancel":
                self.end(standing)
            elif standing.live and standing.cycle[1] == 0 and renewal == "downgrade":
                standing.cycle = None
            if standing.live:
                self.add_up(self.coming(standing)[0])

    def decline(self, order: Order) -> None:
        today = local_day(self.now)
        order.declines += 1
        order.declined_on = order.declined_on or today
        if self.stage.plan == "external":
            order.status, order.retry_at = INSTRUCTION, self.now + timedelta(hours=INSTRUCTION_HOURS)
        else:
            days = self.stage.days or PLANS[self.stage.plan]
            if order.declines > len(days):
                return self.reject(order, "140")
            day = max(order.declined_on + timedelta(days=days[order.declines - 1]), today + timedelta(days=1))
            order.status, order.retry_at = RETRY, hour_of_day(day, 5)
        self.emit("retryable_placement_failure", order, code="140")

    def hear_nothing(self, order: Order) -> None:
        again = [
            add_periods(order.day, sub.every, sub.every_period) for sub in (line.standing.sub for line in order.lines)
        ]
        if local_day(self.now) >= min(order.day + timedelta(days=UNKNOWN_DAYS), *again):
            self.reject(order, "")
        else:
            order.status = UNKNOWN

    def reject(self, order: Order, code: str) -> None:
        order.status, order.retry_at = REJECTED, None
        self.emit("reject", order, code=code)

    # Stock

    def set_aside(self, order: Order) -> bool:
        """Whether anything is left to place."""
        missing = [line for line in order.lines if not self.in_stock[line.standing.sub.product]]
        if not missing:
            return True
        self.follow_up(missing, order.day)
        if len(missing) == len(order.lines):
            apart = order
        else:
            apart = Order(order.day, missing)
            order.lines = [line for line in order.lines if line not in missing]
            self.orders.append(apart)
            self.add_up(order)
        apart.waits_for_stock, apart.status, apart.retry_at = True, OPEN, None
        self.add_up(apart)
        for line in missing:
            line.missing_since = line.missing_since or local_day(self.now)
            days = (local_day(self.now) - line.missing_since).days
            self.emitted.append((self.now, "out_of_stock", line.standing.sub.key, days, ""))
        return apart is not order

    def look_for_stock(self, order: Order) -> None:
        """An item waits until the try after STOCK_DAYS days, or until its subscription's next order is due."""
        today = local_day(self.now)
        self.drop(order, [line for line in order.lines if self.is_due_again(line, today)])
        if order.lines and self.set_aside(order):
            self.queue(order)
        else:
            last = today - timedelta(days=STOCK_DAYS)
            self.drop(order, [line for line in order.lines if line.missing_since <= last])

    def drop(self, order: Order, over: list[Line]) -> None:
        order.lines = [line for line in order.lines if line not in over]
        if order.lines:
            self.add_up(order)
        elif order in self.orders:
            self.orders.remove(order)

    def is_due_again(self, line: Line, today: date) -> bool:
        return any(order.day <= today for order, _ in [self.coming(line.standing)] if order)

    # Staff

    def cancel(self, standing: Standing) -> None:
        if standing.live and not (standing.cycle and standing.cycle[1]):
            self.end(standing)

    def end(self, standing: Standing) -> None:
        standing.live = False
        self.emitted.append((self.now, "subscription.cancel", standing.sub.key, None, ""))
        for order in [order for order in self.orders if order.status in (OPEN, RETRY, TEMPORARY)]:
            mine = [line for line in order.lines if line.standing is standing]
            others = [line for line in order.lines if line not in mine]
            if mine and (order.is_open or (others and order.waits_for_stock)):
                order.lines = others
                if others:
                    self.add_up(order)
                else:
                    self.orders.remove(order)
            elif mine and not others:
                order.status = CANCELLED
                self.emit("cancel", order)
        if not any(each.live for each in self.standings.values()):
            self.emitted.append((self.now, "subscriber.cancel", "", None, ""))

    def skip(self, standing: Standing) -> None:
        order, _ = self.coming(standing)
        if order:
            order.status = CANCELLED
            self.follow_up(order.lines, order.day)
            self.emit("skip_order", order)

    def move(self, standing: Standing) -> None:
        """Move its whole order by ten days; an order of that date takes its items."""
        order, _ = self.coming(standing)
        if not order:
            return
        day = order.day + timedelta(days=10)
        target = self.open_on(day)
        if target:
            target.lines += order.lines
            order.lines, order.status = [], MERGED
            self.add_up(order)
            self.add_up(target)
        else:
            order.day = day
        self.emit("change_next_order_date", target or order)

    def remind_earlier(self, standing: Standing) -> None:
        standing.reminder_days = EARLIER_REMINDER_DAYS
