"""What the page of an import shows: how its columns are matched, how far it is, and what came of it."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from subscriptions.actors import Actor
from subscriptions.admin.imports.forms import ColumnsForm, missing_columns
from subscriptions.errors import DomainError
from subscriptions.importing import runs
from subscriptions.importing.tables import TABLES
from subscriptions.models import ImportRun
from subscriptions.staff.display import percent_done
from subscriptions.staff.site import site

PER_PAGE = 25
MOST_REMARKS = 20
State = ImportRun.State
LABELS = {
    State.UPLOADED.label: "warning",
    State.CHECKING.label: "info",
    State.CHECKED.label: "warning",
    State.IMPORTING.label: "info",
    State.DONE.label: "success",
    State.STOPPED.label: "default",
    State.DISCARDED.label: "default",
    State.FAILED.label: "danger",
}
# What a count says: while it is only checked, and once it is so.
TILES = {
    "created_rows": ("add_circle", "New", "will be added", "were added"),
    "updated_rows": ("edit", "Changed", "will change", "have changed"),
    "unchanged_rows": ("check_circle", "Unchanged", "are so already", "were so already"),
    "refused_rows": ("error", "Refused", "will be left out", "were left out"),
}


def describe_run(request: HttpRequest, run: ImportRun) -> dict[str, Any]:
    is_running = run.state in runs.RUNNING
    is_check = run.state in (State.CHECKING, State.CHECKED)
    refusals = Paginator(run.refusals.order_by("line"), PER_PAGE)
    is_shown = not is_running and run.state != State.DISCARDED
    return {
        "run": run,
        "label": LABELS[run.get_state_display()],
        "actor": Actor.from_json(run.actor),
        "is_running": is_running,
        "is_check": is_check,
        "percent": percent_done(run.cursor, run.total, is_finished=not is_running),
        "tiles": [
            (icon, title, f"{getattr(run, name):,}", will if is_check else did)
            for name, (icon, title, will, did) in TILES.items()
        ],
        "good_rows": run.created_rows + run.updated_rows,
        "noun": TABLES[run.kind].noun,
        "remarks": [describe_remark(*remark) for remark in run.remarks[:MOST_REMARKS]],
        "more_remarks": max(0, len(run.remarks) - MOST_REMARKS),
        "has_refusals": is_shown and refusals.count > 0,  # in time they are deleted
        "page": refusals.get_page(request.GET.get("page")),
    }


def describe_remark(what: str, rows: int, advice: str) -> str:
    return f"{what}: {rows:,}. {advice}" if rows else what


def match_page(request: HttpRequest, run: ImportRun, row_url: str, buttons: list[dict[str, Any]]) -> HttpResponse:
    """The columns of the file, each with what it holds; on POST they are checked."""
    asked = request.POST.get("kind") or request.GET.get("kind")
    kind = asked if asked in TABLES else run.kind
    problem = ""
    form = ColumnsForm(run, kind, *([request.POST] if request.method == "POST" else []))
    if form.is_valid():
        try:
            runs.start_check(run, kind, form.columns())
            return redirect(row_url)
        except DomainError as error:
            problem = error.sentence
    chosen = [str(form[name].value() or "") for name in form.fields]
    run.page_title = str(run)  # type: ignore[attr-defined]  # read by our unfold/helpers/header_title.html
    context = {
        **site.each_context(request),
        "title": str(run),
        "original": run,
        "opts": ImportRun._meta,
        "run": run,
        "kind": kind,
        "tabs": [{"title": each.label, "url": f"?kind={each}", "active": each == kind} for each in ImportRun.Kind],
        "rows": list(form.rows(run.examples)),
        "problem": problem,
        "missing": missing_columns(run, kind, chosen),
        "buttons": buttons,
    }
    return TemplateResponse(request, "admin/imports/match.html", context)
