"""What is to come: the open orders, and those that follow them by the frequencies of their subscriptions.

An open order is due on its day, one that is late today. Each of its subscriptions then comes again and again, at the
same quantity and for what its item costs now. Subscriptions of one order whose following days are the same make one
order again. One-time items do not come again, and test customers do not count. Cancellations are not in it: see
`losses.py`.

A million subscriptions take seconds, so figures are made each hour; where they are missing or old, they are counted
from the rows.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.db import fetch_rows
from common.work import Turn, notify_worker
from subscriptions import calendar
from subscriptions.figures.roll_ups import use_custom_plans
from subscriptions.models import Forecast, ForecastFigure, Merchant, OrderStatus

TASK = "subscriptions.figures.forecast.make_forecasts"
log = logging.getLogger(__name__)
DAYS = 90
MADE_AHEAD = 1  # figures that were made before midnight reach as far
FRESH = timedelta(hours=3)
AT_ONCE = 2_000
OPEN_ORDERS = f"""
FROM subscriptions_order o
WHERE o.merchant_id = %s AND o.status = {OrderStatus.UNSENT.value} AND NOT o.locked AND NOT o.oos_free_shipping
    AND o.place_date <= %s
    AND o.customer_id NOT IN (SELECT id FROM subscriptions_customer WHERE merchant_id = %s AND is_test)
"""
ITEMS = f"""
SELECT place_date, every, every_period, item.product_id, sum(item.quantity)::bigint, sum(item.total_price)
FROM (SELECT o.id, o.place_date {OPEN_ORDERS}) orders
JOIN subscriptions_item item ON item.order_id = orders.id AND item.merchant_id = %s
LEFT JOIN subscriptions_subscription subscription ON subscription.id = item.subscription_id
GROUP BY place_date, every, every_period, item.product_id
"""
# The frequencies on each order, as pairs.
ORDERS = f"""
SELECT place_date, frequencies, count(*) FROM (
    SELECT orders.id, place_date, array_agg(DISTINCT every || ' ' || every_period) AS frequencies
    FROM (SELECT o.id, o.place_date {OPEN_ORDERS}) orders
    LEFT JOIN subscriptions_item item ON item.order_id = orders.id AND item.merchant_id = %s
    LEFT JOIN subscriptions_subscription subscription ON subscription.id = item.subscription_id
    GROUP BY orders.id, place_date
) kinds
GROUP BY place_date, frequencies
"""


class Coming(NamedTuple):
    """What comes on a day: `orders` where `product` is None, else units and revenue of that product's items.

    `follows`: no order for it is open yet.
    """

    day: date
    product: int | None
    follows: bool
    orders: int
    units: int
    revenue: Decimal


def read_forecast(merchant: Merchant) -> list[Coming]:
    """From today to `DAYS` days later."""
    today = calendar.today(merchant.time_zone)
    if find_fresh(merchant) is None:
        return count_forecast(merchant, today, DAYS)
    rows = ForecastFigure.objects.filter(merchant=merchant, day__lte=today + timedelta(days=DAYS))
    # Made before midnight: an open order of that day is late by now, and due today.
    rows = rows.filter(Q(day__gte=today) | Q(follows=False)).order_by("day", "pk")
    return [Coming(max(day, today), *row) for day, *row in rows.values_list(*Coming._fields)]


def find_fresh(merchant: Merchant) -> datetime | None:
    """When the figures were made; None where they are missing or old."""
    found = Forecast.objects.filter(merchant=merchant, made__gte=timezone.now() - FRESH).first()
    return found.made if found else None


def make_forecasts(after: int = 0) -> None:
    """Hourly task, for merchants with a key above `after`. A new task continues after the end of the turn."""
    turn = Turn()
    for merchant in Merchant.objects.filter(pk__gt=after).order_by("pk"):
        try:
            make_forecast(merchant)
        except Exception:
            log.exception("the forecast of merchant %s failed", merchant.pk)  # the others still need theirs
        if turn.is_over:
            return notify_worker(TASK, merchant.pk)


def make_forecast(merchant: Merchant) -> None:
    made = timezone.now()
    found = count_forecast(merchant, calendar.today(merchant.time_zone), DAYS + MADE_AHEAD)
    with transaction.atomic():
        Forecast.objects.update_or_create(merchant=merchant, defaults={"made": made})  # locks the row
        ForecastFigure.objects.filter(merchant=merchant).delete()
        rows = (
            ForecastFigure(**{**each._asdict(), "product": None, "product_id": each.product, "merchant": merchant})
            for each in found
        )
        ForecastFigure.objects.bulk_create(rows, batch_size=AT_ONCE)


def count_forecast(merchant: Merchant, today: date, days: int) -> list[Coming]:
    """From the rows."""
    last = today + timedelta(days=days)
    values = [merchant.pk, last, merchant.pk, merchant.pk]
    with use_custom_plans():
        items, orders = fetch_rows(ITEMS, values), fetch_rows(ORDERS, values)
    sums: dict[tuple[date, int | None, bool], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])

    def add(key: tuple[date, int | None, bool], *amounts: Any) -> None:
        sums[key] = [known + amount for known, amount in zip(sums[key], amounts, strict=True)]

    for place_date, every, period, product, units, revenue in items:
        add((max(place_date, today), product, False), 0, units, revenue)
        for day in following_days(place_date, every, period, today, last) if every else ():
            add((day, product, True), 0, units, revenue)
    for place_date, frequencies, n in orders:
        add((max(place_date, today), None, False), n, 0, Decimal(0))
        pairs = [text.split() for text in frequencies if text]
        for day in {
            day for every, period in pairs for day in following_days(place_date, int(every), int(period), today, last)
        }:
            add((day, None, True), n, 0, Decimal(0))
    return [Coming(*key, *sums[key]) for key in sorted(sums, key=lambda key: (key[0], key[1] or 0, key[2]))]


def following_days(place_date: date, every: int, period: int, today: date, last: date) -> Iterator[date]:
    """The days after that of an open order on which its subscription comes again, until `last`."""
    day = calendar.next_date(place_date, every, period, max(place_date, today))
    while day <= last:
        yield day
        day = calendar.add_frequency(day, every, period)
