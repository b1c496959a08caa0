"""Rows that have no page of their own: staff see and change them on their customer's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from subscriptions.staff.base import OwnPageAdmin


class CustomersRowAdmin(OwnPageAdmin):
    def return_url(self, subject: Any) -> str:
        return reverse("admin:subscriptions_customer_change", args=[subject.customer_id])

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        return redirect(self.return_url(row))
