"""The analytics of links as CSV."""

from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse

from oneclick.admin.analytics_form import NONE, landing_page_names, link_names
from oneclick.analytics.figures import Row, Selection, click_figures, sum_figures
from subscriptions.models import Merchant
from subscriptions.staff import csv_files


def csv_response(merchant: Merchant, selection: Selection) -> StreamingHttpResponse:
    """One line per day, action, link and landing page, with a column for each refusal reason."""
    header, *rows = csv_rows(click_figures(merchant, selection), merchant)
    return csv_files.csv_response(f"one-click-{selection.first}-{selection.last}.csv", header, rows)


def csv_rows(rows: list[Row], merchant: Merchant) -> Iterator[list[Any]]:
    codes = sorted(sum_figures(rows).refused)
    yield [
        *("day", "action", "link", "landing page", "opened", "acted", "refused", "undone", "replayed"),
        *("likely machines", "orders kept", "orders gained", f"value gained {merchant.currency_code}"),
        *(f"refused: {code}" for code in codes),
    ]
    links, pages = link_names(merchant), landing_page_names(merchant)
    for row in rows:
        figures = row.figures
        yield [
            row.day.isoformat(),
            row.action,
            links[str(row.link or NONE)],
            pages[str(row.landing_page or NONE)],
            *(figures.opened, figures.acted, figures.refusals, figures.undone, figures.replayed),
            *(figures.machines, figures.kept, figures.orders, figures.value),
            *(figures.refused[code] for code in codes),
        ]
