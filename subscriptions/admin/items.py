"""Items: what staff do to one, on the page of its order; they have no list and no page of their own."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from subscriptions.admin import acts
from subscriptions.models import Item, Order
from subscriptions.staff.base import OwnPageAdmin
from subscriptions.staff.site import site


@admin.register(Item, site=site)
class ItemAdmin(OwnPageAdmin):
    buttons = acts.ITEM_BUTTONS

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        related = ("product", "subscription", "order__customer", "order__merchant")
        return super().get_queryset(request).select_related(*related)

    def row_url(self, subject: Item) -> str:
        return site.get_model_admin(Order).row_url(subject.order)

    def return_url(self, subject: Item) -> str:
        return site.get_model_admin(Order).return_url(subject.order)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("admin:subscriptions_order_changelist")

    def row_page(self, request: HttpRequest, row: Item) -> HttpResponse:
        """The page of its order."""
        return site.get_model_admin(Order).change_view(request, str(row.order_id))
