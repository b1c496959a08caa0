"""The figures of the home page: current counts, and the last 30 days."""

from collections import Counter
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from subscriptions import calendar
from subscriptions.actors import ActorKind
from subscriptions.events.catalogue import SUBSCRIPTION_CANCEL, SUBSCRIPTION_REACTIVATE
from subscriptions.models import Activity, Event, Merchant, Order, OrderStatus, Subscription
from subscriptions.staff.charts import build_daily_chart

DAYS = 30
LATEST = 8


def home_context(merchant: Merchant) -> dict[str, Any]:
    """The context of the home page; it takes four queries, each by an index that begins with the merchant."""
    today = calendar.today(merchant.time_zone)
    changes = changes_by_day(merchant, today)
    live = Subscription.objects.live().filter(merchant=merchant)
    counts = live.aggregate(subscriptions=Count("pk"), subscribers=Count("customer", distinct=True))
    week = Q(place_date__gte=today, place_date__lt=today + timedelta(days=7))
    orders = Order.objects.filter(week, merchant=merchant, status=OrderStatus.UNSENT).count()
    latest = Activity.objects.filter(merchant=merchant).select_related("customer").order_by("-pk")[:LATEST]
    totals = Counter[str]()
    for day_counts in changes.values():
        totals += day_counts
    return {
        "tiles": [
            ("group", "Active subscribers", f"{counts['subscribers']:,}", ""),
            ("autorenew", "Active subscriptions", f"{counts['subscriptions']:,}", ""),
            ("local_shipping", "Orders in the next 7 days", f"{orders:,}", ""),
            ("cancel", "Cancelled", f"{totals['cancelled']:,}", f"last {DAYS} days"),
            ("replay", "Reactivated", f"{totals['reactivated']:,}", f"last {DAYS} days"),
            ("ads_click", "Reactivated by a link", f"{totals['by_link']:,}", share_by_link(totals)),
        ],
        "chart": build_daily_chart(
            today - timedelta(days=DAYS - 1),
            today,
            {
                "Cancelled": {day: counter["cancelled"] for day, counter in changes.items()},
                "Reactivated": {day: counter["reactivated"] for day, counter in changes.items()},
            },
            {"Reactivated by a link": {day: counter["by_link"] for day, counter in changes.items()}},
        ),
        "any_change": bool(totals),
        "latest": list(latest),
    }


def changes_by_day(merchant: Merchant, today: date) -> dict[date, Counter[str]]:
    since = calendar.local_midnight(today - timedelta(days=DAYS - 1), merchant.time_zone)
    kinds = [SUBSCRIPTION_CANCEL, SUBSCRIPTION_REACTIVATE]
    rows = (
        Event.objects.filter(merchant=merchant, kind__in=kinds, at__gte=since)
        .values("kind", day=TruncDate("at", tzinfo=ZoneInfo(merchant.time_zone)))
        .annotate(n=Count("pk"), by_link=Count("pk", filter=Q(activity__actor_kind=ActorKind.LINK)))
    )
    days: dict[date, Counter[str]] = {}
    for row in rows:
        counter = days.setdefault(row["day"], Counter())
        if row["kind"] == SUBSCRIPTION_CANCEL:
            counter["cancelled"] += row["n"]
        else:
            counter["reactivated"] += row["n"]
            counter["by_link"] += row["by_link"]
    return days


def share_by_link(totals: Counter[str]) -> str:
    if not totals["reactivated"]:
        return f"last {DAYS} days"
    return f"{totals['by_link'] / totals['reactivated']:.0%} of all"
