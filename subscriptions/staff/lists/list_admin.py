"""The base class of lists for work."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from common.web.replica_reads import reads_replica
from subscriptions.staff.base import MerchantAdmin
from subscriptions.staff.lists import saved_views
from subscriptions.staff.lists.change_list import WorkList
from subscriptions.staff.lists.export import Column, export_list
from subscriptions.staff.roles import Right, may

LONGEST_QUERY = 2000


class ListAdmin(MerchantAdmin):
    """A list with tabs, saved views and an export.

    `tabs` are titles with a query of the list's own filters. `csv_columns` are those of the export; without them there
    is none.
    """

    tabs: Sequence[tuple[str, str]] = ()
    csv_columns: Sequence[Column] = ()
    list_before_template = "admin/lists/head.html"
    # Only the orders that an index serves: those of the list and of its tabs.
    sortable_by: Sequence[str] = ()
    empty_value_display = ""

    def add_facts(self, request: HttpRequest, rows: list[Any]) -> None:
        """Set on each row what its columns need beyond its own, with queries for all rows together."""

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return WorkList

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("export/", wrap(require_safe(self.export_view)), name=self.url_name("export")),
            path("views/", wrap(require_POST(self.save_view)), name=self.url_name("save_view")),
            path("views/<int:view_id>/", wrap(require_POST(self.remove_view)), name=self.url_name("remove_view")),
            *super().get_urls(),
        ]

    def list_url(self, query: str = "") -> str:
        return self.page_url("changelist") + (f"?{query}" if query else "")

    def page_url(self, page: str) -> str:
        return reverse(f"admin:{self.url_name(page)}")

    @reads_replica
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        head = self.list_head(request) if self.has_view_permission(request) else {}
        return super().changelist_view(request, {**head, **(extra_context or {})})

    def is_tab(self, request: HttpRequest) -> bool:
        """Whether the address is that of a tab, without further filters."""
        return saved_views.normal_query(request.GET) in {query for _, query in self.tabs}

    def list_head(self, request: HttpRequest) -> dict[str, Any]:
        """What stands above the list: its tabs, the member of staff's own views, and what to do with the filters."""
        query = saved_views.normal_query(request.GET)
        views = saved_views.saved_views(request, self.opts.label_lower)
        tabs = [("All", ""), *self.tabs] if self.tabs else []
        shown = [(title, saved_views.normal_query(QueryDict(each))) for title, each in tabs]
        may_export = bool(self.csv_columns) and may(request, Right.EXPORT)
        return {
            "list_tabs": [
                {"title": title, "url": self.list_url(each), "active": each == query} for title, each in shown
            ],
            "list_views": [
                {"title": view.name, "url": self.list_url(view.query), "active": view.query == query} for view in views
            ],
            "list_query": query,
            "current_view": next((view for view in views if view.query == query), None),
            "can_save_view": query not in {each for _, each in shown} | {view.query for view in views} | {""},
            "save_view_url": self.page_url("save_view"),
            "remove_view_name": "admin:" + self.url_name("remove_view"),
            "export_url": f"{self.page_url('export')}?{query}" if may_export else "",
        }

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.csv_columns:
            raise Http404("This list has no export.")
        if not (self.has_view_permission(request) and may(request, Right.EXPORT)):
            raise PermissionDenied
        return export_list(request, self, self.get_changelist_instance(request).queryset)

    def save_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        name, query = request.POST.get("name", "").strip(), request.POST.get("query", "")
        if not name or len(name) > 60 or "\0" in name + query or len(query) > LONGEST_QUERY:
            messages.error(request, "Give the view a name of at most 60 characters.")
        elif saved_views.save_view(request, self.opts.label_lower, name, query):
            messages.success(request, f"The view “{name}” is saved; only you see it.")
        else:
            messages.error(request, f"There are {saved_views.MOST_VIEWS} views already; remove one first.")
        return redirect(self.list_url(saved_views.normal_query(QueryDict(query))))

    def remove_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        if not saved_views.remove_view(request, self.opts.label_lower, view_id):
            raise Http404("There is no such view.")
        messages.success(request, "The view is removed.")
        return redirect(self.list_url())
