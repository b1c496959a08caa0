"""Customers: the list with its search, and the page of one customer."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.decorators import display

from subscriptions.admin import clock
from subscriptions.admin.catalogue.customer_buttons import CUSTOMER_BUTTONS
from subscriptions.admin.customer_page.orders import earlier_orders, upcoming_orders
from subscriptions.admin.customer_page.subscriptions import subscription_cards
from subscriptions.admin.feed.pages import FeedAdmin
from subscriptions.admin.filters import SubscriberFilter, live_subscriptions
from subscriptions.models import Customer, Order
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site


@admin.register(Customer, site=site)
class CustomerAdmin(CustomerSearch, FeedAdmin, PageAdmin):
    page_template = "admin/customer.html"
    buttons = (*CUSTOMER_BUTTONS, *clock.BUTTONS)
    list_display = ["name", "live_count", "next_order", "created"]
    list_filter = [SubscriberFilter, "is_test"]
    ordering = ["-created", "-id"]
    customer_path = "pk"
    feed_column = "customer"
    search_help_text = "Email, name, phone or ID"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        live = live_subscriptions(request).values("customer").annotate(n=Count("pk")).values("n")
        # An order that waits for stock is not the next one.
        orders = Order.objects.open().filter(merchant=merchant_of(request), customer=OuterRef("pk"))
        first = orders.order_by("place_date").values("place_date")[:1]
        rows = super().get_queryset(request)
        return rows.annotate(live=Coalesce(Subquery(live), 0), next_day=Subquery(first))

    @display(description="Customer", header=True)
    def name(self, row: Customer) -> list[str]:
        return [str(row), row.email, initials(row)]

    @display(description="Active subscriptions")
    def live_count(self, row: Any) -> int:
        return int(row.live)

    @display(description="Next order", empty_value="-")
    def next_order(self, row: Any) -> Any:
        return row.next_day

    def page_context(self, request: HttpRequest, row: Customer) -> dict[str, Any]:
        """Takes a fixed number of queries, however much the customer has."""
        panels = [import_string(path)(request, row) for path in settings.CUSTOMER_PANELS]
        subscriptions = subscription_cards(request, row)
        return {
            "customer": row,
            "initials": initials(row),
            "buttons": self.offered_buttons(request, row),
            "clock": clock.clock_card(request, row) if row.is_test else None,
            "subscriptions": subscriptions,
            "live": sum(card["row"].live for card in subscriptions),
            "upcoming": upcoming_orders(row),
            "earlier": earlier_orders(row),
            "feed": self.feed_context(request, row),
            "panels": [{"template": template, "context": context} for template, context in panels],
        }


def initials(customer: Customer) -> str:
    return (customer.first_name[:1] + customer.last_name[:1]) or customer.email[:1]
