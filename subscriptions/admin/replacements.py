"""Replacements of discontinued products: their progress, and the subscriptions they did not change."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from unfold.decorators import display

from subscriptions.actors import Actor
from subscriptions.models import Replacement
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.display import percent_done
from subscriptions.staff.site import site

PER_PAGE = 25


@admin.register(Replacement, site=site)
class ReplacementAdmin(PageAdmin):
    page_template = "admin/replacement.html"
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

    def page_context(self, request: HttpRequest, row: Replacement) -> dict[str, Any]:
        refusals = row.refusals.select_related("subscription__customer", "subscription__product").order_by("pk")
        is_running = row.state == Replacement.State.RUNNING
        processed = row.done + row.refused
        return {
            "title": f"Replacement of {row.product}",
            "run": row,
            "actor": Actor.from_json(row.actor),
            "is_running": is_running,
            "processed": processed,
            "percent": percent_done(processed, row.total, is_finished=not is_running),
            "page": Paginator(refusals, PER_PAGE).get_page(request.GET.get("page")),
        }
