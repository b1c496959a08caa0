"""Imports: the list, and the page of one from the match of its columns to its end."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from unfold.decorators import display
from unfold.enums import ActionVariant

from subscriptions.actors import Actor
from subscriptions.admin.imports import run_views
from subscriptions.admin.imports.files import export_file, refused_rows_file
from subscriptions.admin.imports.upload import upload_page
from subscriptions.errors import DomainError
from subscriptions.importing import runs
from subscriptions.models import ImportRun
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.buttons import Button
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

State = ImportRun.State


def stop_import(request: HttpRequest, run: ImportRun, answers: dict[str, Any]) -> str:
    runs.stop_import(run)
    audit(request, Kind.CHANGE, "Stopped the import.", run)
    return "Stopped. What was imported stays; the file is deleted."


def discard_file(request: HttpRequest, run: ImportRun, answers: dict[str, Any]) -> str:
    runs.discard_file(run)
    audit(request, Kind.CHANGE, "Discarded the file.", run)
    return "The file is deleted. Nothing of it was imported."


@admin.register(ImportRun, site=site)
class ImportRunAdmin(ListAdmin, PageAdmin):
    view_right = Right.IMPORT
    addable = deletable = False
    empty_about = (
        "Import your products first, then customers, then subscriptions: each a CSV file whose first row names the "
        "columns."
    )
    page_template = "admin/imports/run.html"
    list_before_template = "admin/imports/head.html"
    list_display = [
        "file_name",
        "kind",
        "status",
        "total",
        "created_rows",
        "updated_rows",
        "refused_rows",
        "uploaded_by",
        "created",
    ]
    list_filter = ["kind", "state"]
    ordering = ["-created", "-id"]
    pages = ("match", "start", "refused")
    buttons = (
        Button(
            verb="stop",
            title="Stop",
            icon="stop_circle",
            right=Right.IMPORT,
            question="Ends this import for good and deletes the file. What was imported stays.",
            run=stop_import,
            offered=lambda run: run.state == State.IMPORTING,
            variant=ActionVariant.DANGER,
        ),
        Button(
            verb="discard",
            title="Discard",
            icon="delete",
            right=Right.IMPORT,
            question="Deletes the file. Nothing of it was imported.",
            run=discard_file,
            offered=lambda run: run.state in runs.DISCARDABLE,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("upload/", wrap(self.upload), name=self.url_name("upload")),
            path("files/<slug:kind>/", wrap(export_file), name=self.url_name("file")),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRun]:
        return super().get_queryset(request).exclude(state=State.UPLOADING).select_related("merchant")

    @display(description="State", label=run_views.LABELS)
    def status(self, row: ImportRun) -> str:
        return row.get_state_display()

    @display(description="By")
    def uploaded_by(self, row: ImportRun) -> str:
        return Actor.from_json(row.actor).name

    def upload(self, request: HttpRequest) -> HttpResponse:
        if not may(request, Right.IMPORT):
            raise PermissionDenied
        return upload_page(request)

    def page_context(self, request: HttpRequest, row: ImportRun) -> dict[str, Any]:
        return {
            **run_views.describe_run(request, row),
            "buttons": self.offered_buttons(request, row),
            "match_url": self.url("match", row),
            "start_url": self.url("start", row),
            "refused_url": self.url("refused", row),
        }

    def row_page(self, request: HttpRequest, row: ImportRun) -> HttpResponse:
        return redirect(self.url("match", row)) if row.state == State.UPLOADED else super().row_page(request, row)

    def match(self, request: HttpRequest, object_id: int) -> HttpResponse:
        run = self.find_row(request, object_id)
        if run.state not in (State.UPLOADED, State.CHECKED):
            return redirect(self.row_url(run))
        return run_views.match_page(request, run, self.row_url(run), self.offered_buttons(request, run))

    def start(self, request: HttpRequest, object_id: int) -> HttpResponse:
        run = self.find_row(request, object_id)
        if request.method == "POST":
            self._start(request, run)
        return redirect(self.row_url(run))

    def _start(self, request: HttpRequest, run: ImportRun) -> None:
        try:
            runs.start_import(run)
            self.log_change(request, run, f"Imported {run.kind} from {run.file_name}: {run.total:,} rows.")
        except DomainError as error:
            messages.error(request, error.sentence)

    def refused(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The rows that cannot be imported, as CSV."""
        return refused_rows_file(request, self.find_row(request, object_id))
