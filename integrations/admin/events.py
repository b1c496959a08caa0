"""Events exactly as they happened, and where they were delivered."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from integrations.admin.deliveries import DeliveryFields
from integrations.admin.filters import KindFilter
from integrations.models import Delivery
from subscriptions.models import Event
from subscriptions.staff.base import ReadOnlyInline
from subscriptions.staff.cancellations import CancelledProductFilter, CancelReasonFilter
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import event_title, pretty_json
from subscriptions.staff.lists.filters import DayFilter, RealFilter
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site


class DeliveryInline(DeliveryFields, ReadOnlyInline):
    model = Delivery
    fields = ["connection", "state_of", "attempts_made", "error", "created", "finished"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(merchant=merchant_of(request)).select_related("connection")


class HappenedFilter(DayFilter):
    column = "at"


@admin.register(Event, site=site)
class EventAdmin(CustomerSearch, ListAdmin):
    list_display = ["title", "customer_of", "at"]
    list_filter = [KindFilter, HappenedFilter, RealFilter, CancelReasonFilter, CancelledProductFilter]
    list_select_related = ["customer"]
    ordering = ["-at", "-id"]
    id_paths = ("public_id",)
    inlines = [DeliveryInline]
    fields = ["kind", "at", "customer", "activity", "id_outside", "recipient_shown", "payload_shown"]
    readonly_fields = ["id_outside", "recipient_shown", "payload_shown"]

    @display(description="Event", header=True)
    def title(self, row: Event) -> list[Any]:
        return [event_title(row), row.kind]

    def page_title(self, row: Event) -> str:
        return event_title(row)

    @display(description="Customer", header=True)
    def customer_of(self, row: Event) -> list[str]:
        return [str(row.customer), row.customer.email]

    @display(description="Event ID")
    def id_outside(self, row: Event) -> str:
        return row.public_id.hex

    @display(description="Recipient")
    def recipient_shown(self, row: Event) -> str:
        return pretty_json(row.recipient)

    @display(description="Payload")
    def payload_shown(self, row: Event) -> str:
        return pretty_json(row.payload)
