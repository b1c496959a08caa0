"""The figures of the home page: current counts, and the last 30 days.

Test customers count nowhere: their clocks may stand in the future, and what they do is no business.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from subscriptions import calendar
from subscriptions.events.catalogue import SUBSCRIPTION_CANCEL, SUBSCRIPTION_REACTIVATE
from subscriptions.models import Activity, Customer, Event, Merchant, Order, Subscription
from subscriptions.staff.charts import build_daily_chart

DAYS = 30
CHANGES = {SUBSCRIPTION_CANCEL: "Cancelled", SUBSCRIPTION_REACTIVATE: "Reactivated"}
LATEST = 8


def home_context(merchant: Merchant, by_link: Mapping[date, int]) -> dict[str, Any]:
    """The context of the home page; it takes four queries, each by an index that begins with the merchant.

    `by_link` counts the reactivations by 1-click links on the days of `last_days`, as the analytics of links do.
    """
    first, today = last_days(merchant)
    changes = changes_by_day(merchant, first, today)
    test_customers = Customer.objects.filter(merchant=merchant, is_test=True)
    live = Subscription.objects.live().filter(merchant=merchant).exclude(customer__in=test_customers)
    counts = live.aggregate(subscriptions=Count("pk"), subscribers=Count("customer", distinct=True))
    week = Q(place_date__gte=today, place_date__lt=today + timedelta(days=7))
    upcoming = Order.objects.open().filter(week, merchant=merchant)
    orders = upcoming.exclude(customer__in=test_customers).count()
    activities = Activity.objects.filter(merchant=merchant).exclude(customer__in=test_customers)
    latest = activities.select_related("customer").order_by("-pk")[:LATEST]
    chart = build_daily_chart(first, today, changes, {"Reactivated by a link": by_link})
    cancelled, reactivated, reactivated_by_link = chart["totals"]
    return {
        "tiles": [
            ("group", "Active subscribers", f"{counts['subscribers']:,}", ""),
            ("autorenew", "Active subscriptions", f"{counts['subscriptions']:,}", ""),
            ("local_shipping", "Orders in the next 7 days", f"{orders:,}", ""),
            ("cancel", "Cancelled", f"{cancelled:,}", f"last {DAYS} days"),
            ("replay", "Reactivated", f"{reactivated:,}", f"last {DAYS} days"),
            (
                "ads_click",
                "Reactivated by a link",
                f"{reactivated_by_link:,}",
                f"{reactivated_by_link / reactivated:.0%} of all" if reactivated else f"last {DAYS} days",
            ),
        ],
        "chart": chart,
        "any_change": any(chart["totals"]),
        "latest": list(latest),
    }


def last_days(merchant: Merchant) -> tuple[date, date]:
    """The first and the last of the merchant's last 30 days, today included."""
    today = calendar.today(merchant.time_zone)
    return today - timedelta(days=DAYS - 1), today


def changes_by_day(merchant: Merchant, first: date, last: date) -> dict[str, dict[date, int]]:
    """How many subscriptions were cancelled and reactivated on each day, by title."""
    begins = calendar.local_midnight(first, merchant.time_zone)
    ends = calendar.local_midnight(last + timedelta(days=1), merchant.time_zone)
    rows = (
        Event.objects.filter(merchant=merchant, kind__in=CHANGES, at__gte=begins, at__lt=ends)
        .exclude(customer__in=Customer.objects.filter(merchant=merchant, is_test=True))
        .values_list("kind", TruncDate("at", tzinfo=ZoneInfo(merchant.time_zone)))
        .annotate(n=Count("pk"))
    )
    found: dict[str, dict[date, int]] = {title: {} for title in CHANGES.values()}
    for kind, day, n in rows:
        found[CHANGES[kind]][day] = n
    return found
