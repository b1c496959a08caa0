"""The forecast: orders, units and revenue of the next 30, 60 and 90 days, and by product."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe
from unfold.widgets import UnfoldAdminSelectWidget

from subscriptions import calendar
from subscriptions.figures.forecast import Coming, find_fresh, read_forecast
from subscriptions.figures.losses import Expected, Outlook, make_outlook, read_rate, sum_expected
from subscriptions.models import Merchant, Product
from subscriptions.money import money
from subscriptions.staff.charts import build_daily_chart
from subscriptions.staff.csv_files import csv_response
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.site import site

HORIZONS = (30, 60, 90)
MOST_PRODUCTS = 50
Write = Callable[[Decimal], str]


class ForecastForm(forms.Form):
    days = forms.TypedChoiceField(
        label="Days",
        choices={str(days): f"The next {days} days" for days in HORIZONS},
        required=False,
        coerce=int,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__({"days": str(HORIZONS[0]), **data})
        self.chosen: int = (self.is_valid() and self.cleaned_data["days"]) or HORIZONS[0]


@dataclass(frozen=True, slots=True)
class Measure:
    """A table: each line is a title with a text for each horizon; the last line is the sum of the others."""

    title: str
    lines: list[tuple[str, list[str]]]


@require_safe
def forecast_page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    form = ForecastForm(request.GET.dict())
    coming, rate, today = read_forecast(merchant), read_rate(merchant), calendar.today(merchant.time_zone)
    outlooks = [make_outlook(merchant, coming, rate, days) for days in HORIZONS]
    chosen = outlooks[HORIZONS.index(form.chosen)]
    made = find_fresh(merchant)
    context = {
        **site.each_context(request),
        "title": "Forecast",
        "form": form,
        "first": today,
        "last": today + timedelta(days=form.chosen),
        "any": bool(coming),
        "made": made and localtime(made),
        "rate": rate,
        "horizons": HORIZONS,
        "tiles": forecast_tiles(merchant, chosen),
        "measures": list(measures(merchant, outlooks, today)),
        "chart": orders_chart(coming, today, form.chosen),
        "products": product_lines(merchant, chosen)[:MOST_PRODUCTS],
        "left_out": max(0, len(chosen.units) - MOST_PRODUCTS),
        "csv": f"{reverse('admin:forecast_csv')}?days={form.chosen}",
    }
    return TemplateResponse(request, "admin/analytics/forecast.html", context)


@require_safe
def forecast_csv(request: HttpRequest) -> StreamingHttpResponse:
    """A line for each product until the chosen day."""
    merchant = merchant_of(request)
    days = ForecastForm(request.GET.dict()).chosen
    outlook = make_outlook(merchant, read_forecast(merchant), read_rate(merchant), days)
    parts = ("open orders", "following orders", "expected cancellations", "expected")
    currency = merchant.currency_code
    header = [
        *("product ID", "product", *(f"units, {part}" for part in parts)),
        *(f"revenue {currency}, {part}" for part in parts),
    ]
    products = Product.objects.filter(merchant=merchant, pk__in=outlook.units).order_by("name", "pk")
    rows = (
        [
            *(external_id, name, *_parts(outlook.units[pk])),
            *_parts(outlook.revenue[pk]),
        ]
        for pk, external_id, name in products.values_list("pk", "external_product_id", "name")
    )
    return csv_response(f"forecast-{calendar.today(merchant.time_zone)}-{days}-days.csv", header, rows)


def _parts(expected: Expected) -> list[Decimal]:
    return [expected.scheduled, expected.following, 0 - expected.lost, expected.total]


def forecast_tiles(merchant: Merchant, outlook: Outlook) -> list[tuple[str, str, str, str]]:
    note = f"in the next {outlook.days} days"
    units, revenue = sum_expected(outlook.units.values()), sum_expected(outlook.revenue.values())
    return [
        ("local_shipping", "Orders expected", write_number(outlook.orders.total), note),
        ("inventory_2", "Units expected", write_number(units.total), note),
        ("payments", "Revenue expected", money(revenue.total, merchant.currency_code), note),
    ]


def write_number(amount: Decimal) -> str:
    """Whole, or with the tenths that expected cancellations have."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.1f}"


def measures(merchant: Merchant, outlooks: list[Outlook], today: date) -> Iterable[Measure]:
    def write_money(amount: Decimal) -> str:
        return money(amount, merchant.currency_code)

    orders = _measure("Orders", [each.orders for each in outlooks], write_number)
    title, texts = orders.lines[0]
    orders.lines[0] = title, [_link_open(today, days, text) for days, text in zip(HORIZONS, texts, strict=True)]
    yield orders
    yield _measure("Units", [sum_expected(each.units.values()) for each in outlooks], write_number)
    yield _measure("Revenue", [sum_expected(each.revenue.values()) for each in outlooks], write_money)


def _measure(title: str, columns: list[Expected], write: Write) -> Measure:
    lines = [
        ("Open orders", [write(each.scheduled) for each in columns]),
        ("Following orders", [write(each.following) for each in columns]),
        ("Expected cancellations", [f"− {write(each.lost)}" if each.lost else write(each.lost) for each in columns]),
        ("Expected", [write(each.total) for each in columns]),
    ]
    return Measure(title, lines)


def _link_open(today: date, days: int, text: str) -> SafeString:
    address, title = _open_url(today, days), f"Open orders of the next {days} days"
    return format_html('<a class="text-link" href="{}" aria-label="{}: {}">{}</a>', address, title, text, text)


def _open_url(today: date, days: int, **query: str) -> str:
    last = (today + timedelta(days=days)).isoformat()
    query = {"tab": "upcoming", "to": last, "test": "no", **query}
    return f"{reverse('admin:subscriptions_order_changelist')}?{urlencode(query)}"


def orders_chart(coming: Iterable[Coming], today: date, days: int) -> dict[str, Any]:
    counts: dict[bool, dict[date, int]] = {False: {}, True: {}}
    for each in coming:
        if each.product is None:
            counts[each.follows][each.day] = each.orders
    last = today + timedelta(days=days)
    return build_daily_chart(today, last, {"Open orders": counts[False], "Following orders": counts[True]})


def product_lines(merchant: Merchant, outlook: Outlook) -> list[dict[str, Any]]:
    """The most expected revenue first."""
    today = calendar.today(merchant.time_zone)
    found = sorted(outlook.revenue.items(), key=lambda pair: (-pair[1].total, pair[0]))
    names = dict(Product.objects.filter(merchant=merchant, pk__in=outlook.revenue).values_list("pk", "name"))
    return [
        {
            "name": names[pk],
            "url": _open_url(today, outlook.days, product=str(pk)),
            "units": outlook.units[pk],
            "revenue": money(revenue.total, merchant.currency_code),
        }
        for pk, revenue in found
    ]


site.pages += [
    path("forecast/", site.admin_view(forecast_page), name="forecast"),
    path("forecast/csv/", site.admin_view(forecast_csv), name="forecast_csv"),
]
