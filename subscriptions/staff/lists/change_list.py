"""Django's change list, in the order that an index serves, with the facts that a page's rows need."""

from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest


class WorkList(ChangeList):
    """A chosen filter may bring an `ordering` of its own; columns that cannot be sorted do not sort by address."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        if self.sortable_by != () and ORDER_VAR in self.params:
            return super().get_ordering(request, queryset)
        own = (getattr(spec, "ordering", ()) for spec in self.filter_specs)
        return list(next((ordering for ordering in own if ordering), self.model_admin.get_ordering(request)))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # A tab shows what is chosen by itself.
        self.has_active_filters = self.has_active_filters and not self.model_admin.is_tab(request)  # type: ignore[attr-defined]  # a ListAdmin
        self.result_list = list(self.result_list)
        self.model_admin.add_facts(request, self.result_list)  # type: ignore[attr-defined]  # a ListAdmin
