"""Bulk changes that were begun: progress, what was refused, and the list to undo them by."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display
from unfold.enums import ActionVariant

from subscriptions.actions.bulk import BULK_KINDS
from subscriptions.actions.bulk.run import start_undo
from subscriptions.actors import Actor
from subscriptions.admin.bulk.rights import may_undo_many
from subscriptions.models import BulkRow, BulkRun
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.display import percent_done
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

PER_PAGE = 25
LABELS = {"Running": "info", "Done": "success", "Being undone": "info", "Undone": "default"}
# By the name in the address, the ends that a row can have.
SHOWN = {
    "refused": ("Not changed", BulkRow.State.REFUSED),
    "kept": ("Not taken back", BulkRow.State.KEPT),
    "done": ("Changed", BulkRow.State.DONE),
    "undone": ("Taken back", BulkRow.State.UNDONE),
}


def undo_run(request: HttpRequest, run: BulkRun, answers: dict[str, Any]) -> str:
    start_undo(run, actor_of(request))
    return "The change is being undone, the last row first."


def is_undoable(run: BulkRun) -> bool:
    """Whether changes of this kind can be taken back at all."""
    kind = BULK_KINDS.get(run.kind)
    return kind is not None and kind.is_undoable


def can_be_undone(run: BulkRun) -> bool:
    return run.state == BulkRun.State.DONE and run.done > 0 and is_undoable(run)


@admin.register(BulkRun, site=site)
class BulkRunAdmin(ListAdmin, PageAdmin):
    page_template = "admin/bulk/run.html"
    addable = deletable = False
    list_display = ["about", "status", "total", "done", "refused", "undone", "begun_by", "created"]
    list_filter = ["state"]
    ordering = ["-created", "-id"]
    buttons = (
        Button(
            verb="undo",
            title="Undo",
            icon="undo",
            right=Right.BULK,
            question=(
                "Takes back what was changed, the last row first. What has been changed since stays as it is, and is "
                "listed afterwards."
            ),
            run=undo_run,
            offered=can_be_undone,
            variant=ActionVariant.PRIMARY,
        ),
    )

    def may_press(self, request: HttpRequest, button: Button, subject: BulkRun) -> bool:
        return super().may_press(request, button, subject) and may_undo_many(request, subject.kind)

    @display(description="State", label=LABELS)
    def status(self, row: BulkRun) -> str:
        return str(row.get_state_display())

    @display(description="Started by")
    def begun_by(self, row: BulkRun) -> str:
        return Actor.from_json(row.actor).name

    def page_context(self, request: HttpRequest, row: BulkRun) -> dict[str, Any]:
        is_undoing = row.state == BulkRun.State.UNDOING
        is_running = is_undoing or row.state == BulkRun.State.RUNNING
        processed, of = (row.undone + row.kept, row.done) if is_undoing else (row.done + row.refused, row.total)
        return {
            **rows_of_run(request, row),
            "run": row,
            "is_undoable": is_undoable(row),
            "buttons": self.offered_buttons(request, row),
            "label": LABELS[row.get_state_display()],
            "actor": Actor.from_json(row.actor),
            "undo_actor": Actor.from_json(row.undo_actor) if row.undo_actor else None,
            "is_running": is_running,
            "processed": processed,
            "of": of,
            "percent": percent_done(processed, of, is_finished=not is_running),
        }


def rows_of_run(request: HttpRequest, run: BulkRun) -> dict[str, Any]:
    """A page of the run's rows with one end, and a tab for each end that there is."""
    counts = {"done": run.done - run.undone - run.kept, "refused": run.refused, "undone": run.undone, "kept": run.kept}
    offered = [name for name in SHOWN if counts[name]]
    asked = request.GET.get("rows", "")
    chosen = asked if asked in offered else next(iter(offered), "")
    rows = run.rows.filter(state=SHOWN[chosen][1]) if chosen else run.rows.none()
    paginator = Paginator(rows.select_related("customer").order_by("pk"), PER_PAGE)
    tabs = [
        {"title": f"{SHOWN[name][0]} ({counts[name]:,})", "url": f"?rows={name}", "active": name == chosen}
        for name in offered
    ]
    return {"tabs": tabs, "page": paginator.get_page(request.GET.get("page"))}


def run_url(run: BulkRun) -> str:
    return reverse("admin:subscriptions_bulkrun_change", args=[run.pk])
