"""Retention: of the subscriptions that began in a month, how many were still live some months later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_safe
from unfold.widgets import UnfoldAdminSelectWidget

from common.web.whole_numbers import parse_whole_number
from subscriptions.figures.cohorts import (
    Cohort,
    CohortPart,
    last_months,
    make_cohorts,
    months_between,
    read_cohort_parts,
    shift_month,
)
from subscriptions.models import Merchant, Product
from subscriptions.staff.charts import build_line_chart
from subscriptions.staff.csv_files import csv_response
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.site import site

MOST_PRODUCTS = 50
DEFAULT_MONTHS = 12


class RetentionForm(forms.Form):
    """`product` and `cohort` (as 2026-03) come with the links of the tables."""

    months = forms.TypedChoiceField(
        label="Started in",
        choices={"6": "The last 6 months", "12": "The last 12 months", "24": "The last 24 months"},
        required=False,
        coerce=int,
        widget=UnfoldAdminSelectWidget,
    )
    product = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    cohort = forms.CharField(required=False, max_length=7, widget=forms.HiddenInput)

    def __init__(self, merchant: Merchant, data: dict[str, Any]) -> None:
        super().__init__({"months": str(DEFAULT_MONTHS), **data})
        answers = self.cleaned_data if self.is_valid() else {}
        self.number: int = answers.get("months") or DEFAULT_MONTHS
        key = parse_whole_number(answers.get("product") or "")
        self.chosen_product = Product.objects.filter(merchant=merchant, pk=key).first() if key else None
        months = last_months(merchant, self.number)
        self.chosen = next((month for month in months if f"{month:%Y-%m}" == answers.get("cohort")), None)

    def url(self, page: str = "retention", **changes: Any) -> str:
        query = {
            "months": self.number,
            "product": self.chosen_product.pk if self.chosen_product else None,
            "cohort": self.chosen and f"{self.chosen:%Y-%m}",
            **changes,
        }
        return f"{reverse(f'admin:{page}')}?{urlencode({name: value for name, value in query.items() if value})}"


@dataclass(frozen=True, slots=True)
class Cell:
    """`percent` of the cohort; None where the month is yet to come."""

    live: int
    percent: float | None
    is_running: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A cohort as a row: `url` shows it in the chart, the others are the lists of its subscriptions."""

    started: date
    size: int
    live: int
    cells: list[Cell]
    url: str
    rows_url: str
    live_url: str
    is_chosen: bool


@require_safe
def retention_page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    form = RetentionForm(merchant, request.GET.dict())
    months = last_months(merchant, form.number)
    parts = read_cohort_parts(merchant, months[0], months[-1])
    cohorts = make_cohorts(months, of_product(parts, form.chosen_product))
    size, live = sum(each.size for each in cohorts), sum(each.live for each in cohorts)
    lines = [line_of(cohort, form, months[-1]) for cohort in reversed(cohorts)]
    context = {
        **site.each_context(request),
        "title": "Retention",
        "form": form,
        # By its name alone a template would get the form's field.
        "product": form.chosen_product,
        "chosen": form.chosen,
        "first": months[0],
        "last": months[-1],
        "any": size > 0,
        "tiles": [
            ("autorenew", "Started", f"{size:,}", ""),
            ("check_circle", "Still active", f"{live:,}", f"{live / size:.1%}" if size else ""),
        ],
        "lines": lines,
        "columns": range(form.number),
        "averages": average_percents(cohorts, months[-1]),
        "chart": retention_chart(cohorts, form, months[-1]),
        "products": product_lines(merchant, parts, form),
        "all_products_url": form.url(product=None),
        "all_cohorts_url": form.url(cohort=None),
        "csv": form.url("retention_csv", cohort=None),
    }
    return TemplateResponse(request, "admin/analytics/retention.html", context)


@require_safe
def retention_csv(request: HttpRequest) -> StreamingHttpResponse:
    """A line for each cohort and month until now."""
    merchant = merchant_of(request)
    form = RetentionForm(merchant, request.GET.dict())
    months = last_months(merchant, form.number)
    cohorts = make_cohorts(months, of_product(read_cohort_parts(merchant, months[0], months[-1]), form.chosen_product))
    rows = (
        [
            *(f"{cohort.started:%Y-%m}", f"{shift_month(cohort.started, after):%Y-%m}", after),
            *(cohort.size, cohort.live_after(after), round(percent_of(cohort, after), 2)),
        ]
        for cohort in cohorts
        for after in range(months_between(cohort.started, months[-1]) + 1)
        if cohort.size
    )
    header = ["started in", "month", "months later", "subscriptions", "still active", "per cent"]
    return csv_response(f"retention-{months[0]:%Y-%m}-{months[-1]:%Y-%m}.csv", header, rows)


def of_product(parts: Sequence[CohortPart], product: Product | None) -> list[CohortPart]:
    return [part for part in parts if product is None or part.product == product.pk]


def percent_of(cohort: Cohort, after: int) -> float:
    return 100 * cohort.live_after(after) / cohort.size if cohort.size else 0


def line_of(cohort: Cohort, form: RetentionForm, present: date) -> Line:
    known = months_between(cohort.started, present)
    last = shift_month(cohort.started, 1) - timedelta(days=1)
    query = {"from": cohort.started.isoformat(), "to": last.isoformat(), "test": "no"}
    if form.chosen_product:
        query["product"] = str(form.chosen_product.pk)
    rows_url = f"{reverse('admin:subscriptions_subscription_changelist')}?{urlencode(query)}"
    return Line(
        started=cohort.started,
        size=cohort.size,
        live=cohort.live,
        cells=[
            Cell(cohort.live_after(after), percent_of(cohort, after) if after <= known else None, after == known)
            for after in range(form.number)
        ],
        url=form.url(cohort=f"{cohort.started:%Y-%m}"),
        rows_url=rows_url,
        live_url=f"{rows_url}&status=active",
        is_chosen=cohort.started == form.chosen,
    )


def average_percents(cohorts: Sequence[Cohort], present: date) -> list[float | None]:
    """By months later: of all cohorts that are old enough, weighted by their sizes."""
    found: list[float | None] = []
    for after in range(len(cohorts)):
        old = [each for each in cohorts if months_between(each.started, present) >= after]
        size = sum(each.size for each in old)
        found.append(100 * sum(each.live_after(after) for each in old) / size if size else None)
    return found


def retention_chart(cohorts: Sequence[Cohort], form: RetentionForm, present: date) -> dict[str, Any]:
    series = {"All of these months": average_percents(cohorts, present)}
    for cohort in cohorts:
        if cohort.started == form.chosen and cohort.size:
            known = months_between(cohort.started, present)
            percents = [percent_of(cohort, after) if after <= known else None for after in range(form.number)]
            series[f"{cohort.started:%B %Y}"] = percents
    return build_line_chart([f"+{after}" for after in range(form.number)], series)


def product_lines(
    merchant: Merchant, parts: Sequence[CohortPart], form: RetentionForm
) -> list[tuple[str, int, int, float, str]]:
    """Name, how many started, how many are live, their share in per cent, and the page of only this product."""
    sums: dict[int, list[int]] = {}
    for part in parts:
        each = sums.setdefault(part.product, [0, 0])
        each[0] += part.n
        each[1] += part.n if part.ended is None else 0
    largest = sorted(sums.items(), key=lambda pair: (-pair[1][0], pair[0]))[:MOST_PRODUCTS]
    names = dict(Product.objects.filter(merchant=merchant, pk__in=[pk for pk, _ in largest]).values_list("pk", "name"))
    return [
        (names[pk], size, live, 100 * live / size if size else 0, form.url(product=pk)) for pk, (size, live) in largest
    ]


site.pages += [
    path("retention/", site.admin_view(retention_page), name="retention"),
    path("retention/csv/", site.admin_view(retention_csv), name="retention_csv"),
]
