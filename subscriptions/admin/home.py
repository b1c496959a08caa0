"""The figures of the home page: how many there are now, and the last 30 days."""

import json
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

GREY = "#8b95a5"  # readable on both themes
CHART_OPTIONS = json.dumps(
    {
        "responsive": True,
        "maintainAspectRatio": False,
        "animation": False,
        "plugins": {
            "legend": {
                "align": "end",
                "labels": {"color": GREY, "usePointStyle": True, "pointStyle": "circle", "boxHeight": 6},
            }
        },
        "scales": {
            "x": {
                "grid": {"display": False},
                "ticks": {"color": GREY, "maxTicksLimit": 8, "maxRotation": 0},
            },
            "y": {
                "beginAtZero": True,
                "border": {"display": False},
                "grid": {},
                "ticks": {"color": GREY, "precision": 0, "maxTicksLimit": 5},
            },
        },
    }
)
DAYS = 30
LATEST = 8


def figures(merchant: Merchant) -> dict[str, Any]:
    """The context of the home page; four queries, each by an index that begins with the merchant."""
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
        "cards": [
            ("group", "Live subscribers", counts["subscribers"], ""),
            ("autorenew", "Live subscriptions", counts["subscriptions"], ""),
            ("local_shipping", "Orders in the next 7 days", orders, ""),
            ("cancel", "Cancelled", totals["cancelled"], f"last {DAYS} days"),
            ("replay", "Reactivated", totals["reactivated"], f"last {DAYS} days"),
            ("ads_click", "Of these by a link", totals["by_link"], won_back(totals)),
        ],
        "chart": chart(changes, today),
        "chart_options": CHART_OPTIONS,
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


def won_back(totals: Counter[str]) -> str:
    if not totals["reactivated"]:
        return f"last {DAYS} days"
    return f"{totals['by_link'] / totals['reactivated']:.0%} of all"


def chart(changes: dict[date, Counter[str]], today: date) -> str:
    """Chart.js data: cancelled and reactivated, a bar each for every day."""
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    series = (("cancelled", "Cancelled", "--color-base-400"), ("reactivated", "Reactivated", "--color-primary-600"))
    return json.dumps(
        {
            "labels": [f"{day:%b} {day.day}" for day in days],
            "datasets": [
                {
                    "label": label,
                    "data": [changes.get(day, Counter())[key] for day in days],
                    "backgroundColor": f"var({color})",
                    "borderRadius": 3,
                }
                for key, label, color in series
            ],
        }
    )
