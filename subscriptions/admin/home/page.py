"""The figures of Home for the chosen days. Test customers count nowhere; `figures/business.py` defines each figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from subscriptions import calendar
from subscriptions.admin.filters import orders_of_tomorrow
from subscriptions.events import catalogue
from subscriptions.figures.active import Active, count_active
from subscriptions.figures.business import (
    AFTER_FAILURE,
    AFTER_RETURN,
    CANCELLED,
    NEW,
    REACTIVATED,
    REJECTED,
    Business,
    read_business,
)
from subscriptions.models import Activity, Customer, Merchant, Order
from subscriptions.money import money
from subscriptions.staff.cancellations import reason_names
from subscriptions.staff.charts import build_daily_chart

LATEST = 8
MOST_REASONS = 8
Tile = tuple[str, str, SafeString | str, SafeString | str]


@dataclass(frozen=True, slots=True)
class Period:
    first: date
    last: date


def business_context(merchant: Merchant, period: Period, by_link: Mapping[date, int]) -> dict[str, Any]:
    """`by_link` counts the reactivations by 1-click links on each day, as the analytics of links do."""
    found = read_business(merchant, period.first, period.last)
    chart = build_daily_chart(
        period.first,
        period.last,
        {"Cancelled": found.days[CANCELLED], "Reactivated": found.days[REACTIVATED]},
        {"New": found.days[NEW], "Reactivated by a link": by_link},
    )
    active, latest = count_active(merchant), latest_activity(merchant)
    return {
        "is_new": not latest and not active.subscriptions,
        "state_tiles": state_tiles(merchant, active, period, found),
        "period_tiles": period_tiles(merchant, period, found),
        "reasons": churn_reasons(merchant, found),
        "chart": chart,
        "any_change": any(chart["totals"]),
        "latest": latest,
    }


def state_tiles(merchant: Merchant, active: Active, period: Period, found: Business) -> list[Tile]:
    """How things stand now, whatever days are chosen."""
    test_customers = Customer.objects.filter(merchant=merchant, is_test=True)
    tomorrow = orders_of_tomorrow(Order.objects.filter(merchant=merchant), merchant)
    due = tomorrow.exclude(customer__in=test_customers).aggregate(n=Count("pk"), total=Sum("total", default=Decimal(0)))
    return [
        (
            "autorenew",
            "Active subscriptions",
            link_to("subscription", "Active subscriptions", f"{active.subscriptions:,}", status="active", test="no"),
            f"{signed(found.change)} since {calendar.human_date(period.first)}" if found.change else "",
        ),
        (
            "group",
            "Subscribers",
            link_to("customer", "Subscribers", f"{active.subscribers:,}", status="active", test="no"),
            "",
        ),
        (
            "local_shipping",
            "Orders due tomorrow",
            link_to("order", "Orders due tomorrow", f"{due['n']:,}", tab="tomorrow", test="no"),
            money(due["total"], merchant.currency_code),
        ),
    ]


def period_tiles(merchant: Merchant, period: Period, found: Business) -> list[Tile]:
    """What the chosen days brought."""

    def events(kind: str, text: str) -> SafeString:
        return link_to("event", catalogue.KINDS[kind].title, text, kind=kind, **days_query(period), test="no")

    def amount(value: Decimal | None) -> str:
        return money(value or Decimal(0), merchant.currency_code)

    lost, recovered = found.lost, found.recovered
    return [
        ("add_circle", "New subscriptions", events(catalogue.SUBSCRIPTION_CREATE, f"{found.count(NEW):,}"), ""),
        ("replay", "Reactivated", events(catalogue.SUBSCRIPTION_REACTIVATE, f"{found.count(REACTIVATED):,}"), ""),
        ("cancel", "Cancelled", events(catalogue.SUBSCRIPTION_CANCEL, f"{found.count(CANCELLED):,}"), ""),
        (
            "savings",
            "Recovered revenue",
            link_to(
                "order",
                "Recovered revenue",
                amount(sum(recovered.values(), Decimal(0))),
                recovered=f"{period.first}..{period.last}",
            ),
            f"{amount(recovered.get(AFTER_FAILURE))} after a failed payment, "
            f"{amount(recovered.get(AFTER_RETURN))} after a reactivation",
        ),
        (
            "trending_down",
            "Lost revenue",
            amount(sum(lost.values(), Decimal(0))),
            format_html(
                "{} by cancellations, {} by rejected orders",
                events(catalogue.SUBSCRIPTION_CANCEL, amount(lost.get(CANCELLED))),
                events(catalogue.ORDER_REJECT, amount(lost.get(REJECTED))),
            ),
        ),
    ]


def signed(number: int) -> str:
    """`+1,204` or `−9`, with a true minus."""
    return f"{number:+,}".replace("-", "−")


def churn_reasons(merchant: Merchant, found: Business) -> list[dict[str, Any]]:
    """Why subscriptions were cancelled, the most frequent first, with the width of its bar in per cent."""
    if not found.reasons:
        return []
    lines = sorted(found.reasons.items(), key=lambda line: (-line[1], line[0]))
    shown, rest = lines[:MOST_REASONS], sum(n for _, n in lines[MOST_REASONS:])
    names = reason_names(merchant, found.reasons)
    named = [(names[code], n) for code, n in shown]
    named += [("Other reasons", rest)] if rest else []
    total, most = found.count(CANCELLED), max(n for _, n in named)
    return [
        {"label": label, "n": n, "percent": round(100 * n / total), "width": round(100 * n / most)}
        for label, n in named
    ]


def latest_activity(merchant: Merchant) -> list[Activity]:
    test_customers = Customer.objects.filter(merchant=merchant, is_test=True)
    rows = Activity.objects.filter(merchant=merchant).exclude(customer__in=test_customers)
    return list(rows.select_related("customer").order_by("-at", "-pk")[:LATEST])


def days_query(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def link_to(model: str, title: str, text: str, **query: str) -> SafeString:
    """A figure that leads to the list of its rows; for a screen reader its number alone says nothing."""
    address = f"{reverse(f'admin:subscriptions_{model}_changelist')}?{urlencode(query)}"
    return format_html('<a class="text-link" href="{}" aria-label="{}: {}">{}</a>', address, title, text, text)
