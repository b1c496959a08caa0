"""Customers: the list with its search, and the page of one customer."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.module_loading import import_string

from subscriptions.admin import clock
from subscriptions.admin.catalogue.grant_button import GRANT_ACCESS
from subscriptions.admin.customer_list import CustomerList, initials
from subscriptions.admin.customer_page.orders import order_cards
from subscriptions.admin.customer_page.subscriptions import subscription_cards
from subscriptions.admin.feed.pages import FeedAdmin
from subscriptions.models import Customer
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.site import site


@admin.register(Customer, site=site)
class CustomerAdmin(CustomerList, FeedAdmin, PageAdmin):
    page_template = "admin/customer.html"
    buttons = (GRANT_ACCESS, *clock.BUTTONS)
    feed_column = "customer"

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
            "live": subscriptions["live"],
            "orders": order_cards(request, row),
            "feed": self.feed_context(request, row),
            "panels": [{"template": template, "context": context} for template, context in panels],
        }
