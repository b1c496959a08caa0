"""The analytics of links: tiles, a chart, tables, and all of it as CSV."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from oneclick.admin.analytics_csv import csv_response
from oneclick.admin.analytics_form import (
    NONE,
    SelectionForm,
    landing_page_names,
    link_names,
    product_names,
)
from oneclick.admin.refusal_reasons import describe_refusal
from oneclick.analytics.figures import (
    KEPT_DAYS,
    Figures,
    Row,
    Selection,
    click_figures,
    group_figures,
    sum_figures,
)
from oneclick.analytics.gained_items import GAIN_DAYS
from oneclick.messages.message_previews import TABLE_TITLES
from oneclick.models import SavedLink
from subscriptions import calendar
from subscriptions.models import Merchant
from subscriptions.money import money
from subscriptions.staff.charts import build_daily_chart
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.periods import DEFAULT_DAYS, last_days
from subscriptions.staff.site import site

MOST_LINES = 50  # of a table
# What the page divides by; products apart, of which there may be thousands on each day.
CUTS = ("day", "action", "link", "landing_page")
# Lines that cannot be chosen: an undo belongs to no link action.
NO_FILTERS = {("action", "undo"), ("product", NONE)}


class Line(NamedTuple):
    """A line of a table; `url` shows it alone."""

    name: str
    figures: Figures
    value: str
    url: str


class Table(NamedTuple):
    heading: str
    column: str
    lines: list[Line]


@require_safe
def analytics_page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    form = SelectionForm(merchant, request.GET.dict())
    selection = form.selection()
    rows = click_figures(merchant, selection, by=CUTS)
    sums = sum_figures(rows)
    context = {
        **site.each_context(request),
        "title": "1-Click links",
        "form": form,
        "cuts": form.cuts(),
        "selection": selection,
        "any": bool(rows),
        "tiles": figure_tiles(sums, merchant, reverse("admin:link_revenue") + form.address()),
        "chart": daily_chart(rows, selection),
        "refusals": count_refusals(sums),
        "tables": figure_tables(rows, click_figures(merchant, selection, by=["product"]), form),
        "csv": reverse("admin:link_analytics_csv") + form.address(),
        "gain_days": GAIN_DAYS,
        "kept_days": KEPT_DAYS,
    }
    return TemplateResponse(request, "admin/analytics.html", context)


@require_safe
def analytics_csv(request: HttpRequest) -> StreamingHttpResponse:
    merchant = merchant_of(request)
    return csv_response(merchant, SelectionForm(merchant, request.GET.dict()).selection())


def figure_tiles(sums: Figures, merchant: Merchant, revenue_url: str) -> list[tuple[str, str, str, str]]:
    """Each tile as icon, title, figure and note; `revenue_url` has the rows of the value gained."""
    share = f"{sums.acted / sums.opened:.0%} of those opened" if sums.opened else ""
    value = format_html('<a class="text-link" href="{}">{}</a>', revenue_url, money(sums.value, merchant.currency_code))
    return [
        ("visibility", "Opened", f"{sums.opened:,}", "by people, as far as we can tell"),
        ("check_circle", "Acted", f"{sums.acted:,}", share),
        ("block", "Refused", f"{sums.refusals:,}", "reasons below"),
        ("undo", "Undone", f"{sums.undone:,}", ""),
        ("repeat", "Replayed", f"{sums.replayed:,}", "the same click again"),
        ("smart_toy", "Likely machines", f"{sums.machines:,}", f"{sums.machines_acted:,} acted; in no other figure"),
        ("event_available", "Orders kept", f"{sums.kept:,}", "delayed or skipped, then placed"),
        ("local_shipping", "Orders gained", f"{sums.orders:,}", f"within {GAIN_DAYS} days"),
        ("payments", "Value gained", value, "of their items, once placed"),
    ]


def daily_chart(rows: list[Row], selection: Selection) -> dict[str, Any]:
    by_day: dict[date, Figures] = group_figures(rows, "day")

    def counts(name: str) -> dict[date, int]:
        return {day: getattr(figures, name) for day, figures in by_day.items()}

    others = {"Refused": "refusals", "Undone": "undone", "Replayed": "replayed", "Likely machines": "machines"}
    return build_daily_chart(
        selection.first,
        selection.last,
        {"Opened": counts("opened"), "Acted": counts("acted")},
        {title: counts(name) for title, name in others.items()},
    )


def count_refusals(sums: Figures) -> list[tuple[str, int]]:
    """Each reason with its count, the most frequent first."""
    return sorted(
        ((describe_refusal(code), n) for code, n in sums.refused.items()), key=lambda line: (-line[1], line[0])
    )


def figure_tables(rows: list[Row], products: list[Row], form: SelectionForm) -> list[Table]:
    merchant = form.merchant
    names = product_names(merchant, (row.product for row in products))
    return [
        build_table("By link", "Link", rows, "link", link_names(merchant), form),
        build_table("By action", "Action", rows, "action", TABLE_TITLES, form),
        build_table("By product", "Product", products, "product", names, form),
        build_table("By landing page", "Landing page", rows, "landing_page", landing_page_names(merchant), form),
    ]


def build_table(
    heading: str, column: str, rows: list[Row], key: str, names: Mapping[str, str], form: SelectionForm
) -> Table:
    """The lines with the most acts and visits first; what the table has no room for is one line."""

    def line(name: str, figures: Figures, value: str = "") -> Line:
        url = form.address(**{key: value}) if value and (key, value) not in NO_FILTERS else ""
        return Line(name, figures, money(figures.value, form.merchant.currency_code), url)

    lines = [line(names[str(pk or NONE)], each, str(pk or NONE)) for pk, each in group_figures(rows, key).items()]
    lines.sort(key=lambda each: (-each.figures.acted, -each.figures.opened, each.name))
    rest = lines[MOST_LINES:]
    if rest:
        lines[MOST_LINES:] = [line(f"{len(rest):,} others", sum_figures(rest))]
    return Table(heading, column, lines)


def saved_link_analytics(link: SavedLink) -> dict[str, Any]:
    """The analytics on a saved link's page."""
    merchant = link.merchant
    selection = Selection(*last_days(calendar.today(merchant.time_zone), DEFAULT_DAYS), Q(link=link))
    sums = sum_figures(click_figures(merchant, selection))
    return {
        "tiles": figure_tiles(sums, merchant, f"{reverse('admin:link_revenue')}?link={link.pk}"),
        "refusals": count_refusals(sums),
        "days": DEFAULT_DAYS,
        "url": f"{reverse('admin:link_analytics')}?link={link.pk}",
    }


site.pages += [
    path("numbers/", site.admin_view(analytics_page), name="link_analytics"),
    path("numbers/csv/", site.admin_view(analytics_csv), name="link_analytics_csv"),
]
