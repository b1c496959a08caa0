"""Cancellations by reason, product and day. Together they are what Home counts as cancelled and as lost by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from subscriptions.events import catalogue
from subscriptions.figures.business import NEW, REACTIVATED, read_business
from subscriptions.figures.cancellations import Cancellations, read_cancellations
from subscriptions.models import Merchant
from subscriptions.money import money
from subscriptions.staff.cancellations import NONE, product_names, reason_names
from subscriptions.staff.charts import build_daily_chart
from subscriptions.staff.csv_files import csv_response
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.periods import PeriodForm
from subscriptions.staff.site import site

MOST_LINES = 50
MOST_COLUMNS = 6
CUTS = ("reason", "product")


class CancellationForm(PeriodForm):
    """`reason` and `product` come with the links of the tables; the code or the shop's ID, or `none`."""

    reason = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)
    product = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)

    def chosen_cuts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in CUTS if self.is_valid() and self.cleaned_data[name]}

    def query(self) -> dict[str, str]:
        return {**super().query(), **self.chosen_cuts()}


@dataclass(slots=True)
class Line:
    """The sums of one reason or product; `share` in per cent."""

    name: str
    url: str
    rows_url: str
    n: int = 0
    amount: Decimal = Decimal(0)
    share: float = 0
    money: str = ""


@require_safe
def cancellations_page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    form = CancellationForm(merchant, request.GET.dict())
    found = _read(merchant, form)
    names = _names(merchant, found, form)
    first, last = form.days()
    context = {
        **site.each_context(request),
        "title": "Cancellations",
        "form": form,
        "first": first,
        "last": last,
        "any": bool(found),
        "cuts": [
            {"title": name, "value": names[name]["" if value == NONE else value], "url": _page_url(form, **{name: ""})}
            for name, value in form.chosen_cuts().items()
        ],
        "tiles": cancellation_tiles(merchant, form, found),
        "chart": daily_chart(merchant, form, found, names["reason"]),
        "tables": [
            (f"By {name}", name.capitalize(), *_shown_lines(merchant, form, found, name, names[name])) for name in CUTS
        ],
        "csv": f"{reverse('admin:cancellations_csv')}?{urlencode(form.query())}",
    }
    return TemplateResponse(request, "admin/analytics/cancellations.html", context)


@require_safe
def cancellations_csv(request: HttpRequest) -> StreamingHttpResponse:
    """A line for each day, reason and product."""
    merchant = merchant_of(request)
    form = CancellationForm(merchant, request.GET.dict())
    found = _read(merchant, form)
    names = _names(merchant, found, form)
    first, last = form.days()
    header = ["day", "reason code", "reason", "product ID", "product", "cancelled", f"lost {merchant.currency_code}"]
    rows = (
        [
            *(each.day.isoformat(), each.reason, names["reason"][each.reason]),
            *(each.product, names["product"][each.product], each.n, each.amount),
        ]
        for each in found
    )
    return csv_response(f"cancellations-{first}-{last}.csv", header, rows)


def _read(merchant: Merchant, form: CancellationForm) -> list[Cancellations]:
    chosen = {name: "" if value == NONE else value for name, value in form.chosen_cuts().items()}
    return read_cancellations(merchant, *form.days(), Q(**chosen))


def _names(merchant: Merchant, found: Iterable[Cancellations], form: CancellationForm) -> dict[str, Mapping[str, str]]:
    """The names by cut and key, also of what is chosen and has no cancellation."""
    keys = {name: {getattr(each, name) for each in found} for name in CUTS}
    for name, value in form.chosen_cuts().items():
        keys[name].add("" if value == NONE else value)
    return {"reason": reason_names(merchant, keys["reason"]), "product": product_names(merchant, keys["product"])}


def cancellation_tiles(
    merchant: Merchant, form: CancellationForm, found: list[Cancellations]
) -> list[tuple[str, str, SafeString | str, str]]:
    amount = sum((each.amount for each in found), Decimal(0))
    tiles: list[tuple[str, str, SafeString | str, str]] = [
        ("cancel", "Cancelled", _link(_rows_url(form), "Cancelled", f"{sum(each.n for each in found):,}"), ""),
        ("trending_down", "Lost revenue", money(amount, merchant.currency_code), "of their last placed orders"),
    ]
    if form.chosen_cuts():
        return tiles
    business = read_business(merchant, *form.days())
    events = [
        ("replay", "Reactivated", catalogue.SUBSCRIPTION_REACTIVATE, business.count(REACTIVATED)),
        ("add_circle", "New subscriptions", catalogue.SUBSCRIPTION_CREATE, business.count(NEW)),
    ]
    return tiles + [(icon, title, _link(_rows_url(form, kind), title, f"{n:,}"), "") for icon, title, kind, n in events]


def daily_chart(
    merchant: Merchant, form: CancellationForm, found: list[Cancellations], names: Mapping[str, str]
) -> dict[str, Any]:
    """Bars of all, and the most frequent reasons as columns of the table."""
    reasons = [code for code, _ in _sum_up(found, "reason")][:MOST_COLUMNS]
    columns = {names[code]: _days(each for each in found if each.reason == code) for code in reasons}
    return build_daily_chart(*form.days(), {"Cancelled": _days(found)}, columns)


def _days(found: Iterable[Cancellations]) -> dict[date, int]:
    return {day: n for day, (n, _) in _sum_up(found, "day")}


def _sum_up(found: Iterable[Cancellations], cut: str) -> list[tuple[Any, tuple[int, Decimal]]]:
    """Number and amount by one of the names of the figures, the most frequent first."""
    sums: dict[Any, tuple[int, Decimal]] = {}
    for each in found:
        key = getattr(each, cut)
        n, amount = sums.get(key, (0, Decimal(0)))
        sums[key] = n + each.n, amount + each.amount
    return sorted(sums.items(), key=lambda pair: (-pair[1][0], pair[0]))


def _shown_lines(
    merchant: Merchant, form: CancellationForm, found: list[Cancellations], cut: str, names: Mapping[str, str]
) -> tuple[list[Line], int]:
    """The most frequent ones first, and how many are left out."""
    total = sum(each.n for each in found)
    lines = [
        Line(
            name=names[key],
            url=_page_url(form, **{cut: key or NONE}),
            rows_url=_rows_url(form, **{cut: key or NONE}),
            n=n,
            share=100 * n / total,
            amount=amount,
            money=money(amount, merchant.currency_code),
        )
        for key, (n, amount) in _sum_up(found, cut)
    ]
    return lines[:MOST_LINES], max(0, len(lines) - MOST_LINES)


def _page_url(form: CancellationForm, **cut: str) -> str:
    query = {name: value for name, value in {**form.query(), **cut}.items() if value}
    return f"{reverse('admin:cancellations')}?{urlencode(query)}"


def _rows_url(form: CancellationForm, kind: str = catalogue.SUBSCRIPTION_CANCEL, **cut: str) -> str:
    first, last = form.days()
    query = {"kind": kind, "from": first.isoformat(), "to": last.isoformat(), "test": "no"}
    return f"{reverse('admin:subscriptions_event_changelist')}?{urlencode({**query, **form.chosen_cuts(), **cut})}"


def _link(url: str, title: str, text: str) -> SafeString:
    return format_html('<a class="text-link" href="{}" aria-label="{}: {}">{}</a>', url, title, text, text)


site.pages += [
    path("cancellations/", site.admin_view(cancellations_page), name="cancellations"),
    path("cancellations/csv/", site.admin_view(cancellations_csv), name="cancellations_csv"),
]
