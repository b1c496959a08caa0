"""The analytics of links as CSV."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.http import StreamingHttpResponse

from oneclick.admin.analytics_form import NONE, landing_page_names, link_names, product_names
from oneclick.analytics.figures import Row, Selection, click_figures, sum_figures
from subscriptions.models import Merchant
from subscriptions.staff import csv_files

DAYS_AT_ONCE = 7  # in memory


def csv_response(merchant: Merchant, selection: Selection) -> StreamingHttpResponse:
    """One line per day, action, link, landing page and product, with a column for each refusal reason."""
    codes = sorted(sum_figures(click_figures(merchant, selection, by=[])).refused)
    header = [
        *("day", "action", "link", "landing page", "product", "opened", "acted", "refused", "undone", "replayed"),
        *("likely machines", "likely machines that acted", "orders kept", "orders gained"),
        f"value gained {merchant.currency_code}",
        *(f"refused: {code}" for code in codes),
    ]
    name = f"one-click-{selection.first}-{selection.last}.csv"
    return csv_files.csv_response(name, header, csv_rows(merchant, selection, codes))


def csv_rows(merchant: Merchant, selection: Selection, codes: list[str]) -> Iterator[list[Any]]:
    links, pages = link_names(merchant), landing_page_names(merchant)
    for first, last in split_days(selection.first, selection.last):
        rows = click_figures(merchant, Selection(first, last, selection.only))
        products = product_names(merchant, {row.product for row in rows})
        for row in rows:
            names = [
                links[str(row.link or NONE)],
                pages[str(row.landing_page or NONE)],
                products[str(row.product or NONE)],
            ]
            yield [row.day.isoformat(), row.action, *names, *csv_figures(row, codes)]


def csv_figures(row: Row, codes: list[str]) -> list[Any]:
    figures = row.figures
    return [
        *(figures.opened, figures.acted, figures.refusals, figures.undone, figures.replayed),
        *(figures.machines, figures.machines_acted, figures.kept, figures.orders, figures.value),
        *(figures.refused[code] for code in codes),
    ]


def split_days(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        yield first, min(last, first + timedelta(days=DAYS_AT_ONCE - 1))
        first += timedelta(days=DAYS_AT_ONCE)
