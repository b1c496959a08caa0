"""The results of 1-click links on Home: the same figures as on the analytics page of these days."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from oneclick.analytics.figures import Selection, click_figures, group_figures, sum_figures
from oneclick.analytics.gained_items import GAIN_DAYS
from oneclick.redemption.link_actions.reactivate import REACTIVATE
from subscriptions.models import Merchant
from subscriptions.money import money
from subscriptions.staff.periods import PeriodForm


def link_results(merchant: Merchant, form: PeriodForm) -> tuple[dict[str, Any], dict[date, int]]:
    """The tiles, and the reactivations by links on each day."""
    rows = click_figures(merchant, Selection(*form.days()), by=["day", "action"])
    sums = sum_figures(rows)
    by_day = group_figures((row for row in rows if row.action == REACTIVATE.name), "day")
    reactivated: dict[date, int] = {day: figures.acted for day, figures in by_day.items()}

    def link(text: str, page: str = "link_analytics", **query: str) -> SafeString:
        address = f"{reverse(f'admin:{page}')}?{urlencode({**form.query(), **query})}"
        return format_html('<a class="text-link" href="{}">{}</a>', address, text)

    share = f"{sums.acted / sums.opened:.0%} of those opened" if sums.opened else ""
    tiles = [
        ("visibility", "Links opened", link(f"{sums.opened:,}"), "by people, as far as we can tell"),
        ("check_circle", "Acted with one click", link(f"{sums.acted:,}"), share),
        (
            "payments",
            "Value gained by links",
            link(money(sums.value, merchant.currency_code), "link_revenue"),
            f"of {sums.orders:,} orders within {GAIN_DAYS} days",
        ),
    ]
    number = sum(reactivated.values())
    by_link = ("ads_click", "Reactivated by a link", link(f"{number:,}", action=REACTIVATE.name), "")
    return {"link_tiles": tiles, "by_link_tile": by_link, "any_click": bool(rows)}, reactivated
