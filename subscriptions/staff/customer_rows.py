"""Rows that have no page of their own: staff see and change them on their customer's page."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from subscriptions.staff.base import MerchantAdmin


class CustomersRowAdmin(MerchantAdmin):
    def return_url(self, subject: Any) -> str:
        return reverse("admin:subscriptions_customer_change", args=[subject.customer_id])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return redirect(self.return_url(row))
