"""Replacements of discontinued products: how far they are, and what was left as it was."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import display

from subscriptions.actors import Actor
from subscriptions.models import Replacement
from subscriptions.staff.base import MerchantAdmin
from subscriptions.staff.site import site

PER_PAGE = 25


@admin.register(Replacement, site=site)
class ReplacementAdmin(MerchantAdmin):
    list_display = ["product", "becomes", "status", "done", "refused", "created"]
    list_select_related = ["product", "substitute"]
    list_filter = ["state"]
    ordering = ["-created", "-id"]
    search_fields = ["product__name__icontains"]
    search_help_text = "Name of the product"

    @display(description="Subscriptions are")
    def becomes(self, row: Replacement) -> str:
        return f"Swapped for {row.substitute}" if row.substitute else "Cancelled"

    @display(description="State", label={"Running": "info", "Done": "success"})
    def status(self, row: Replacement) -> str:
        return row.get_state_display()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        if run is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        refusals = run.refusals.select_related("subscription__customer", "subscription__product").order_by("pk")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Replacement of {run.product}",
            "original": run,
            "opts": self.opts,
            "run": run,
            "actor": Actor.of(run.actor),
            "is_running": run.state == Replacement.State.RUNNING,
            "gone_by": run.done + run.refused,
            "percent": percent(run),
            "page": Paginator(refusals, PER_PAGE).get_page(request.GET.get("page")),
        }
        return TemplateResponse(request, "admin/replacement.html", context)


def percent(run: Replacement) -> int:
    """How far it is; not 100 before it is done."""
    if run.state == Replacement.State.DONE:
        return 100
    return min(99, 100 * (run.done + run.refused) // max(run.total, 1))
