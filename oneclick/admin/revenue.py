"""The revenue that links gained: the figures of the chosen days, and each item behind them."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from oneclick.admin.analytics_form import NO_LINK, SelectionForm
from oneclick.analytics.figures import Figures, Selection, click_figures, group_figures
from oneclick.analytics.gained_items import GAIN_DAYS
from oneclick.analytics.gains import Gain, find_gains, split_days
from oneclick.messages.message_previews import TABLE_TITLES
from subscriptions.models import Merchant
from subscriptions.money import money
from subscriptions.staff.charts import build_daily_chart
from subscriptions.staff.csv_files import csv_response, csv_time
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.export import record_export
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

ROWS = 100  # of a page, and more where one day has more
MOST_ROWS = 200
HEADER = ["clicked", "link", "action", "customer", "email", "order", "shop's order ID", "product", "placed"]


@require_safe
def revenue_page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    form = SelectionForm(merchant, request.GET.dict())
    selection = form.selection()
    by_day: dict[date, Figures] = group_figures(click_figures(merchant, selection, by=["day"]), "day")
    page = Paginator(split_gain_days(by_day), 1).get_page(request.GET.get("page"))
    days = page.object_list[0] if page.object_list else []
    file = reverse("admin:link_revenue_csv") + form.address()
    context = {
        **site.each_context(request),
        "title": "Revenue by links",
        "form": form,
        "cuts": form.cuts(),
        "first": selection.first,
        "last": selection.last,
        "csv": file if may(request, Right.EXPORT) else "",
        "tiles": revenue_tiles(by_day, merchant),
        "chart": revenue_chart(by_day, selection),
        "lines": [describe_gain(gain, merchant) for gain in find_gains(merchant, days, selection.only, MOST_ROWS)],
        "left_out": max(0, sum(by_day[day].orders for day in days) - MOST_ROWS),
        "page": page,
        "gain_days": GAIN_DAYS,
    }
    return TemplateResponse(request, "admin/analytics/revenue.html", context)


@require_safe
def revenue_csv(request: HttpRequest) -> HttpResponseBase:
    if not may(request, Right.EXPORT):
        raise PermissionDenied
    merchant = merchant_of(request)
    form = SelectionForm(merchant, request.GET.dict())
    selection = form.selection()
    record_export(request, f"Took the revenue by links as a file: {form.address()[1:]}.", "revenue by links")
    header = [*HEADER, f"value {merchant.currency_code}"]
    return csv_response(f"link-revenue-{selection.first}-{selection.last}.csv", header, csv_rows(merchant, selection))


def csv_rows(merchant: Merchant, selection: Selection) -> Iterator[list[Any]]:
    by_day: dict[date, Figures] = group_figures(click_figures(merchant, selection, by=["day"]), "day")
    for days in split_gain_days(by_day):
        for gain in find_gains(merchant, days, selection.only):
            click, item, customer = gain.click, gain.item, gain.click.token.customer
            yield [
                csv_time(click.at, merchant.time_zone),
                click.link.name if click.link else NO_LINK,
                click.action,
                *(customer.merchant_user_id, customer.email),
                *(item.order.public_id.hex, item.order.order_merchant_id or "", item.product.name),
                *(csv_time(item.first_placed, merchant.time_zone), item.total_price),
            ]


def split_gain_days(by_day: dict[date, Figures]) -> list[list[date]]:
    return split_days({day: figures.orders for day, figures in by_day.items()}, ROWS)


def revenue_tiles(by_day: dict[date, Figures], merchant: Merchant) -> list[tuple[str, str, str, str]]:
    sums = Figures()
    for figures in by_day.values():
        sums.add(figures)
    return [
        ("payments", "Value gained", money(sums.value, merchant.currency_code), "of their items, once placed"),
        ("local_shipping", "Orders gained", f"{sums.orders:,}", f"within {GAIN_DAYS} days"),
        ("event_available", "Orders kept", f"{sums.kept:,}", "delayed or skipped, then placed"),
    ]


def revenue_chart(by_day: dict[date, Figures], selection: Selection) -> dict[str, Any]:
    gained = {day: figures.orders for day, figures in by_day.items()}
    kept = {day: figures.kept for day, figures in by_day.items()}
    return build_daily_chart(selection.first, selection.last, {"Orders gained": gained, "Orders kept": kept})


def describe_gain(gain: Gain, merchant: Merchant) -> dict[str, Any]:
    return {
        "gain": gain,
        "action": TABLE_TITLES[gain.click.action],
        "value": money(gain.item.total_price, merchant.currency_code),
    }


site.pages += [
    path("link-revenue/", site.admin_view(revenue_page), name="link_revenue"),
    path("link-revenue/csv/", site.admin_view(revenue_csv), name="link_revenue_csv"),
]
