"""The numbers of 1-Click: tiles, a chart, tables, and all of it as CSV."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_safe
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from oneclick.admin.tokens import in_words
from oneclick.analytics.figures import (
    GAIN_DAYS,
    KEPT_DAYS,
    Figures,
    Row,
    Selection,
    click_figures,
    group_figures,
    sum_figures,
)
from oneclick.messages.message_previews import TABLE_TITLES
from oneclick.models import SavedLink
from oneclick.redemption.link_actions import LINK_ACTIONS
from subscriptions import calendar
from subscriptions.models import Merchant
from subscriptions.staff.charts import build_daily_chart
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import money
from subscriptions.staff.site import site

DAYS = 30
PERIODS = {"7": "The last 7 days", "30": "The last 30 days", "90": "The last 90 days", "own": "Chosen days"}
NONE = "none"
NO_LINK, NO_PAGE = "Without a saved link", "The shop's own pages and the API"
# A spreadsheet would take what begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class WantedForm(forms.Form):
    """What is to be shown; gives `Wanted` days of the merchant, the last 30 unless told otherwise."""

    period = forms.ChoiceField(choices=PERIODS, required=False, widget=UnfoldAdminSelectWidget)
    first = forms.DateField(label="From", required=False)
    last = forms.DateField(label="To", required=False)
    action = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    link = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    landing_page = forms.ChoiceField(label="Landing page", required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, merchant: Merchant, data: Any) -> None:
        super().__init__(data={"period": str(DAYS), **data})
        self.merchant = merchant
        self.today = calendar.today(merchant.time_zone)
        choices = {"action": actions(), "link": links(merchant), "landing_page": pages(merchant)}
        for name, known in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "All"), *known.items()]
        for name in ("first", "last"):
            limits = {"type": "date", "max": self.today.isoformat()}
            self.fields[name].widget = UnfoldAdminTextInputWidget(attrs=limits)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("period") != "own" or self.errors:
            return cleaned
        first, last = cleaned["first"], cleaned["last"]
        if not first or not last or first > last:
            raise forms.ValidationError("Give the first and the last day, in this order.")
        if last > self.today or first < self.today - timedelta(days=KEPT_DAYS):
            raise forms.ValidationError(f"Choose days of the last {KEPT_DAYS}; clicks are kept no longer.")
        return cleaned

    def wanted(self) -> Selection:
        """What was chosen; of a choice that cannot be, the last 30 days."""
        chosen = self.cleaned_data if self.is_valid() else {}
        if chosen.get("period") == "own":
            return Selection(chosen["first"], chosen["last"], conditions(chosen))
        return Selection(*last_days(self.today, int(chosen.get("period") or DAYS)), conditions(chosen))


def conditions(chosen: dict[str, str]) -> Q:
    only = Q()
    for name in ("action", "link", "landing_page"):
        if value := chosen.get(name):
            only &= Q(**{name: None if value == NONE else value})
    return only


def last_days(today: date, days: int) -> tuple[date, date]:
    return today - timedelta(days=days - 1), today


def actions() -> dict[str, str]:
    return {row.name: row.label for row in LINK_ACTIONS.values()}


def links(merchant: Merchant) -> dict[str, str]:
    return {NONE: NO_LINK, **names(merchant.saved_links.order_by("name", "pk").values_list("pk", "name"))}


def pages(merchant: Merchant) -> dict[str, str]:
    return {NONE: NO_PAGE, **names(merchant.landing_pages.order_by("name", "pk").values_list("pk", "name"))}


def names(rows: Iterable[tuple[int, str]]) -> dict[str, str]:
    return {str(pk): name for pk, name in rows}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    form = WantedForm(merchant, request.GET.dict())
    wanted = form.wanted()
    found = click_figures(merchant, wanted)
    sums = sum_figures(found)
    context = {
        **site.each_context(request),
        "title": "Numbers",
        "form": form,
        "wanted": wanted,
        "sums": sums,
        "any": bool(found),
        "tiles": tiles(sums, merchant),
        "chart": chart(group_figures(found, "day"), wanted),
        "refusals": [(in_words(code), n) for code, n in sums.refused.most_common()],
        "tables": tables(found, merchant),
        "csv": f"{reverse('admin:numbers_csv')}?{request.GET.urlencode()}",
        "gain_days": GAIN_DAYS,
        "kept_days": KEPT_DAYS,
    }
    return TemplateResponse(request, "admin/numbers.html", context)


def tiles(sums: Figures, merchant: Merchant) -> list[tuple[str, str, str, str]]:
    """Icon, title, number and note of each."""
    share = f"{sums.acted / sums.opened:.0%} of those opened" if sums.opened else ""
    return [
        ("visibility", "Opened", f"{sums.opened:,}", "by people, as far as can be told"),
        ("check_circle", "Acted", f"{sums.acted:,}", share),
        ("block", "Refused", f"{sums.refusals:,}", "reasons below"),
        ("undo", "Undone", f"{sums.undone:,}", ""),
        ("repeat", "Replayed", f"{sums.replayed:,}", "the same click again"),
        ("smart_toy", "Likely machines", f"{sums.machines:,}", "none is blocked"),
        ("event_available", "Orders kept", f"{sums.kept:,}", "delayed or skipped, then placed"),
        ("local_shipping", "Orders gained", f"{sums.orders:,}", f"within {GAIN_DAYS} days"),
        ("payments", "Value gained", money(sums.value, merchant.currency_code), "their lines, once placed"),
    ]


def chart(by_day: dict[date, Figures], wanted: Selection) -> dict[str, Any]:
    def counts(name: str) -> dict[date, int]:
        return {day: getattr(figures, name) for day, figures in by_day.items()}

    others = {"Refused": "refusals", "Undone": "undone", "Replayed": "replayed", "Likely machines": "machines"}
    return build_daily_chart(
        wanted.first,
        wanted.last,
        {"Opened": counts("opened"), "Acted": counts("acted")},
        {title: counts(name) for title, name in others.items()},
    )


Line = tuple[str, Figures, str]


def tables(found: list[Row], merchant: Merchant) -> list[tuple[str, str, list[Line]]]:
    """Heading, name of the first column and lines of each; a line has a name, its figures and the money."""
    return [
        ("By link", "Link", table(group_figures(found, "link"), links(merchant), merchant)),
        ("By action", "Action", table(group_figures(found, "action"), TABLE_TITLES, merchant)),
        ("By landing page", "Landing page", table(group_figures(found, "landing_page"), pages(merchant), merchant)),
    ]


def table(sums: dict[Any, Figures], known: Mapping[str, str], merchant: Merchant) -> list[Line]:
    """The most used first."""
    ordered = sorted(sums.items(), key=lambda pair: (-pair[1].acted, -pair[1].opened))
    return [
        (known[str(key or NONE)], figures, money(figures.value, merchant.currency_code)) for key, figures in ordered
    ]


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """A line for each day, action, link and landing page; of what was refused a column for each reason."""
    merchant = merchant_of(request)
    wanted = WantedForm(merchant, request.GET.dict()).wanted()
    # Without this mark Excel takes other letters than English ones for something else.
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"one-click-{wanted.first}-{wanted.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    csv.writer(answer).writerows(lines(click_figures(merchant, wanted), merchant))
    return answer


def lines(found: list[Row], merchant: Merchant) -> Iterator[list[Any]]:
    codes = list(sum_figures(found).refused)
    yield [
        *("day", "action", "link", "landing page", "opened", "acted", "refused", "undone", "replayed"),
        *("likely machines", "orders kept", "orders gained", f"value gained {merchant.currency_code}"),
        *(f"refused: {code}" for code in codes),
    ]
    link_names, page_names = links(merchant), pages(merchant)
    for row in found:
        figures = row.figures
        yield [
            row.day.isoformat(),
            row.action,
            plain(link_names[str(row.link or NONE)]),
            plain(page_names[str(row.landing_page or NONE)]),
            *(figures.opened, figures.acted, figures.refusals, figures.undone, figures.replayed),
            *(figures.machines, figures.kept, figures.orders, figures.value),
            *(figures.refused[code] for code in codes),
        ]


def plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def of_link(link: SavedLink) -> dict[str, Any]:
    """What the page of a saved link shows of its numbers."""
    merchant = link.merchant
    wanted = Selection(*last_days(calendar.today(merchant.time_zone), DAYS), Q(link=link))
    sums = sum_figures(click_figures(merchant, wanted))
    return {
        "tiles": tiles(sums, merchant),
        "refusals": [(in_words(code), n) for code, n in sums.refused.most_common()],
        "days": DAYS,
        "url": f"{reverse('admin:numbers')}?link={link.pk}",
    }


site.pages += [
    path("numbers/", site.admin_view(page), name="numbers"),
    path("numbers/csv/", site.admin_view(download), name="numbers_csv"),
]
