"""The daily jobs: when they run, their progress and results, and a button to run one now."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe
from unfold.decorators import display
from unfold.enums import ActionVariant

from subscriptions import calendar
from subscriptions.admin import job_cards
from subscriptions.errors import SENTENCES
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Job
from subscriptions.models import JobRun, Merchant, Order, statuses_where
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.filters import CatalogueFilter
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site


@require_safe
def jobs_page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    cards = job_cards.all_cards(merchant)
    context = {
        **site.each_context(request),
        "title": "Jobs",
        "cards": cards,
        "is_running": any(card["last"] and card["last"]["is_unfinished"] for card in cards),
        "may_run": may(request, Right.JOBS),
        "in_placement": orders_in_placement(merchant),
    }
    return TemplateResponse(request, "admin/jobs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def run_now(request: HttpRequest, name: str) -> HttpResponse:
    job, merchant = JOBS.get(name), merchant_of(request)
    if job is None:
        raise Http404(f"There is no job {name}.")
    if not may(request, Right.JOBS):
        raise PermissionDenied
    if merchant.paused_at or job.hour(merchant) is None:
        messages.error(request, SENTENCES["shop_paused" if merchant.paused_at else "job_off"])
        return redirect("admin:jobs")
    if request.method == "POST":
        run = runs.begin_run(merchant, job)
        site.get_model_admin(JobRun).log_change(request, run, "Run now.")
        messages.success(request, f"{job.title}: the run starts now.")
        return redirect("admin:jobs")
    return TemplateResponse(request, "admin/dialog.html", run_dialog(request, job))


def run_dialog(request: HttpRequest, job: Job) -> dict[str, Any]:
    merchant = merchant_of(request)
    days = runs.days_to_cover(merchant, job, calendar.today(merchant.time_zone))
    number = job.affected_customers(merchant.customers.filter(clock=None), days).count()
    asked = f"{job_cards.WORDS[job.name].question} Right now that is {number:,} customer{'s' * (number != 1)}."
    return {
        **site.each_context(request),
        "title": f"Run now: {job.title}",
        "button": {"title": "Run now", "icon": "play_arrow", "question": asked, "variant": ActionVariant.PRIMARY},
        "subject": job.title,
        "form": forms.Form(),
        "back": reverse("admin:jobs"),
    }


def orders_in_placement(merchant: Merchant) -> list[dict[str, Any]]:
    """The number of orders in each status between due and settled."""
    in_placement = statuses_where(lambda row: row.in_placement)
    found = Order.objects.filter(merchant=merchant, status__in=in_placement).order_by()
    counts = dict(found.values_list("status").annotate(n=Count("pk")))
    return [
        {"status": status.value, "title": status.label, "n": counts[status]}
        for status in in_placement
        if status in counts
    ]


site.pages += [
    path("jobs/", site.admin_view(jobs_page), name="jobs"),
    path("jobs/<slug:name>/run/", site.admin_view(run_now), name="run_job"),
]


class JobFilter(CatalogueFilter):
    title = "job"
    parameter_name = "job"
    titles = {job.name: job.title for job in JOBS.values()}


@admin.register(JobRun, site=site)
class JobRunAdmin(PageAdmin):
    page_template = "admin/job_run.html"
    list_display = ["title", "local_date", "state_of", "progress", "done", "failures", "created", "finished"]
    list_filter = [JobFilter, "state"]
    ordering = ["-created", "-id"]

    @display(description="Job")
    def title(self, row: JobRun) -> str:
        return JOBS[row.job].title if row.job in JOBS else row.job

    @display(description="State", label=job_cards.LABELS)
    def state_of(self, row: JobRun) -> str:
        return row.get_state_display()

    @display(description="Customers")
    def progress(self, row: JobRun) -> str:
        return f"{row.customers:,} of {row.total:,}" if row.total is not None else "-"

    def page_context(self, request: HttpRequest, row: JobRun) -> dict[str, Any]:
        return {
            "title": f"{self.title(row)}, {calendar.human_date(row.local_date)}",
            "run": job_cards.describe_run(row),
        }
