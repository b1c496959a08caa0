"""A roaster of coffee with 50,000 subscribers, who get a bag every 30 days, and its day at many times that size."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from benchmarks import reminders_seed, seed
from oneclick.models import LandingPage
from subscriptions import calendar
from subscriptions.figures import active
from subscriptions.models import GatewaySettings, Merchant, Order, OrderStatus

SUBSCRIBERS = 50_000
DAYS_BETWEEN_ORDERS = 30
LATER = 5  # days between the orders that are reminded of today and the first of those to which nothing happens
FORMER = 25  # one of so many has cancelled, and has a link to come back
# How many requests of a kind come in each hour from midnight on, in proportion to those of its other hours.
MAIL = "000000000033222222222210"
SHOPPERS = "100000001122222222233321"
OFFICE = "000000002222222222000000"
FORMER_ROWS = """
DELETE FROM subscriptions_item WHERE order_id <= {former};
DELETE FROM subscriptions_order WHERE id <= {former};
UPDATE subscriptions_subscription SET cancelled = now(), cancel_reason = '4|too much' WHERE id <= {former};
INSERT INTO oneclick_actiontoken (id, merchant_id, customer_id, subscription_id, nonce, scope, issued_at,
    expires_at, used_action, used_message)
SELECT n, {merchant}, n, n, gen_random_uuid(), 'subscription', now(), now() + interval '90 days', '', ''
FROM generate_series(1, {former}) n;
SELECT setval('oneclick_actiontoken_id_seq', {former});
"""
# Of the orders that are planned for later, every other one is to be placed today, the rest get a reminder today.
PLAN = """
UPDATE subscriptions_order SET place_date = CASE WHEN n % 2 = 0 THEN date '{today}' ELSE date '{reminded}' END
FROM (
    SELECT id AS chosen, row_number() OVER (ORDER BY id) AS n FROM subscriptions_order
    WHERE merchant_id = {merchant} AND status = {unsent} AND place_date >= '{later}' ORDER BY id LIMIT {number}
) planned WHERE id = chosen
"""
NUMBERED = ("customer", "address", "payment", "subscription", "order", "item")


@dataclass(frozen=True, slots=True)
class Day:
    """How often each thing happens at `times` the realistic size."""

    times: int

    @property
    def orders(self) -> int:
        """So many are placed, and so many are announced by a reminder."""
        return SUBSCRIBERS * self.times // DAYS_BETWEEN_ORDERS

    @property
    def requests(self) -> dict[str, tuple[int, str]]:
        """Of each kind the number, and its hours.

        Mail scanners fetch each reminder's link; two people of five open it, one of twenty clicks. One customer of five
        looks at their account before an order, which reads the API three times; one of ten of these changes something.
        Five people of staff open ten pages each, at every fifty thousand subscribers.
        """
        opened, visits = self.orders * 2 // 5, self.orders // 5
        return {
            "link fetched by a mail scanner": (self.orders, MAIL),
            "landing page or script": (2 * opened, MAIL),
            "link opened by a person": (opened, MAIL),
            "click": (self.orders // 20, MAIL),
            "API read": (3 * visits, SHOPPERS),
            "API write": (visits // 10, SHOPPERS),
            "staff page": (50 * self.times, OFFICE),
        }


def create_merchant(subscribers: int, gateway: str, receiver: str) -> Merchant:
    """`gateway` and `receiver` are the addresses of the merchant's platform and of Klaviyo. Needs an empty database."""
    with _without_foreign_keys():
        merchant = reminders_seed.create_subscribers(subscribers, later=LATER, spread=DAYS_BETWEEN_ORDERS)
    # Before it was created, so that only the trial begins the runs.
    merchant.reminder_hour = merchant.placement_hour = 0
    merchant.storefront_key = "k" * 32
    merchant.save()
    merchant.connections.update(base_url=receiver)
    GatewaySettings.objects.create(merchant=merchant, kind="json", url=gateway)
    LandingPage.objects.create(
        merchant=merchant, slug="welcome", name="Welcome", title="Welcome", heading="Welcome", is_default=True
    )
    with connection.cursor() as cursor:
        cursor.execute(FORMER_ROWS.format(former=subscribers // FORMER, merchant=merchant.pk))
        for name in NUMBERED:
            cursor.execute(f"SELECT setval('subscriptions_{name}_id_seq', {subscribers})")
    active.fold_changes()  # so many subscriptions begin at once on no day
    return merchant


def plan_orders(merchant: Merchant, number: int) -> None:
    """Let `number` orders be due for placement today, and as many for a reminder."""
    today = calendar.today(merchant.time_zone)
    dates = {"today": today, "reminded": today + timedelta(days=merchant.reminder_days), "later": _later(merchant)}
    with connection.cursor() as cursor:
        cursor.execute(PLAN.format(merchant=merchant.pk, unsent=OrderStatus.UNSENT, number=2 * number, **dates))
        if cursor.rowcount != 2 * number:
            raise SystemExit(f"only {cursor.rowcount} orders are left to plan; give more subscribers")
    seed.settle_database()


def orders_for_later(merchant: Merchant, number: int) -> list[Order]:
    """The last of those that nothing happens to on these days."""
    later = merchant.orders.filter(status=OrderStatus.UNSENT, place_date__gte=_later(merchant))
    return list(later.order_by("-pk")[:number])


def _later(merchant: Merchant) -> date:
    """The first day of the orders that are neither placed nor reminded of today."""
    return calendar.today(merchant.time_zone) + timedelta(days=merchant.reminder_days + LATER)


@contextmanager
def _without_foreign_keys() -> Iterator[None]:
    """Checking them takes most of the time, and the rows are known to be right."""
    tables = [f"subscriptions_{name}" for name in NUMBERED]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL, ENABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
