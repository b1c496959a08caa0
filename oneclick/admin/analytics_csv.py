"""The analytics of links as CSV."""

import csv
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse

from oneclick.admin.analytics_form import NONE, landing_page_names, link_names
from oneclick.analytics.figures import Row, Selection, click_figures, sum_figures
from subscriptions.models import Merchant
from subscriptions.staff.display import escape_formula


def csv_response(merchant: Merchant, selection: Selection) -> HttpResponse:
    """One line per day, action, link and landing page, with a column for each refusal reason."""
    # Without a byte order mark Excel reads UTF-8 as another encoding.
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"one-click-{selection.first}-{selection.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    csv.writer(response).writerows(csv_rows(click_figures(merchant, selection), merchant))
    return response


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
            escape_formula(links[str(row.link or NONE)]),
            escape_formula(pages[str(row.landing_page or NONE)]),
            *(figures.opened, figures.acted, figures.refusals, figures.undone, figures.replayed),
            *(figures.machines, figures.kept, figures.orders, figures.value),
            *(figures.refused[code] for code in codes),
        ]
