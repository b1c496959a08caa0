"""The list of what staff did: who logged in, changed what, was shown which key and took which list away."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from unfold.decorators import display

from subscriptions.models import AuditEntry
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.filters import CatalogueFilter
from subscriptions.staff.lists.export import Column
from subscriptions.staff.lists.filters import DayFilter
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

Kind = AuditEntry.Kind
LABELS = {
    Kind.LOGIN.label: "success",
    Kind.FAILED_LOGIN.label: "danger",
    Kind.ACCESS.label: "warning",
    Kind.SECRET.label: "warning",
    Kind.EXPORT.label: "info",
}


class KindFilter(CatalogueFilter):
    title = "what"
    parameter_name = "kind"
    titles = dict(Kind.choices)


class PersonFilter(SimpleListFilter):
    """The people of the team; what others did is found by its day."""

    title = "person"
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        team = merchant_of(request).memberships.select_related("user").order_by("user__username")
        return [(str(one.user_id), one.user.get_full_name() or one.user.get_username()) for one in team]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        known = [key for key, _ in self.lookup_choices]
        return rows.filter(user=self.value()) if self.value() in known else rows


class AuditDayFilter(DayFilter):
    column = "at"


@admin.register(AuditEntry, site=site)
class AuditAdmin(ListAdmin):
    view_right = Right.SETTINGS
    list_display = ["at", "who", "what", "did", "address"]
    list_display_links = None
    list_filter = [KindFilter, PersonFilter, AuditDayFilter]
    tabs = [(label, f"kind={kind}") for kind, label in Kind.choices]
    ordering = ["-at", "-id"]
    empty_about = "Here stands who of your team logged in, changed settings, was shown a key or took a list away."
    fields = ["at", "who", "what", "did", "address"]
    readonly_fields = ["what", "did"]
    csv_columns = [
        Column("time", lambda row: row.at),
        Column("person", lambda row: row.who),
        Column("what", lambda row: row.get_kind_display()),
        Column("about", lambda row: row.about),
        Column("sentence", lambda row: row.sentence),
        Column("IP address", lambda row: row.address or ""),
    ]

    @display(description="What", label=LABELS)
    def what(self, row: AuditEntry) -> str:
        return row.get_kind_display()

    @display(description="In words")
    def did(self, row: AuditEntry) -> Any:
        about: Any = f"{row.about}: " if row.about else ""
        if url := page_of(row):
            about = format_html('<a class="text-link" href="{}">{}</a>: ', url, row.about)
        return format_html('<span class="staff-break">{}{}</span>', about, row.sentence)


def page_of(row: AuditEntry) -> str:
    """The page of what the line is about; empty if it has none."""
    if not row.row:
        return ""
    try:
        return reverse(f"admin:{row.model.replace('.', '_')}_change", args=[row.row])
    except NoReverseMatch:
        return ""
