"""Customers: the list with its search, and the page of one customer."""

from copy import copy
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from subscriptions.admin import clock
from subscriptions.admin.acts.undo import UNDO
from subscriptions.admin.addresses import ADD_ADDRESS
from subscriptions.admin.catalogue.grant_button import GRANT_ACCESS
from subscriptions.admin.customer_list import CustomerList, initials
from subscriptions.admin.customer_page import notes
from subscriptions.admin.customer_page.contact import CHANGE_CONTACT
from subscriptions.admin.customer_page.entitlements import entitlements_context
from subscriptions.admin.customer_page.orders import order_cards
from subscriptions.admin.customer_page.records import records_context
from subscriptions.admin.customer_page.reminder import reminder_context
from subscriptions.admin.customer_page.subscriptions import subscription_cards
from subscriptions.admin.customer_page.tags import CHANGE_TAGS, tags_of
from subscriptions.admin.feed.pages import FeedAdmin
from subscriptions.admin.payments import ADD_PAYMENT
from subscriptions.models import Customer
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.panels import find_panels
from subscriptions.staff.recent_customers import remember_customer
from subscriptions.staff.site import site

BUTTONS_OF_CARDS = {
    "notes": ("write_note",),
    "clock": ("move_clock", "remind", "stop_clock"),
    "payments": ("add_payment",),
    "addresses": ("add_address",),
    "entitlements": ("grant_access",),
    "profiles": ("erase_at_klaviyo",),
}


@admin.register(Customer, site=site)
class CustomerAdmin(CustomerList, FeedAdmin, PageAdmin):
    page_template = "admin/customer.html"
    buttons = (notes.WRITE, CHANGE_TAGS, CHANGE_CONTACT, GRANT_ACCESS, ADD_PAYMENT, ADD_ADDRESS, *clock.BUTTONS)
    pages = (*FeedAdmin.pages, "reminder", "tab", "undo", "change_note", "delete_note")
    feed_column = "customer"

    def undo(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Asks for one of the customer's activities, and undoes it."""
        return self.button_view(request, object_id, UNDO)

    def change_note(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        return self.button_view(request, object_id, notes.CHANGE)

    def delete_note(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        return self.button_view(request, object_id, notes.DELETE)

    def page_context(self, request: HttpRequest, row: Customer) -> dict[str, Any]:
        """Takes a fixed number of queries, however much the customer has."""
        row.merchant = merchant_of(request)
        remember_customer(request, row)
        subscriptions = subscription_cards(request, row)
        rows = [card["row"] for card in subscriptions["cards"]]
        return {
            "customer": row,
            "initials": initials(row),
            "tags": tags_of(row),
            "notes": notes.notes_context(request, row, self.url("change_note", row), self.url("delete_note", row)),
            "buttons": place_buttons(self.offered_buttons(request, row)),
            "clock": clock.clock_card(request, row) if row.is_test else None,
            "subscriptions": subscriptions,
            "live": subscriptions["live"],
            "orders": order_cards(request, row),
            "entitlements": entitlements_context(request, row),
            "reminder": reminder_context(request, row, self.url("reminder", row)),
            "feed": self.feed_context(request, row, rows),
            "side_panels": [(panel, panel.load(request, row)) for panel in find_panels("side").values()],
            **self.tabs_context(row),
            **records_context(request, row, rows),
        }

    def tabs_context(self, row: Customer) -> dict[str, Any]:
        return {"tabs": find_panels("tab"), "tab_url": self.url("tab", row)}

    def tab(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What is behind the tab with the `name` in the query, or behind the first one."""
        row = self.find_row(request, object_id)
        panels = find_panels("tab")
        panel = panels.get(request.GET.get("name") or next(iter(panels)))
        if panel is None:
            raise Http404("A customer's page has no such tab.")
        # The buttons lead back to the customer's page, of which this is a part.
        seen = copy(request)
        seen.path = self.url("change", row)
        context = {**self.row_context(request, row, panel.title), **self.tabs_context(row)}
        context |= {"chosen": panel, "panel": panel.load(seen, row)}
        return TemplateResponse(request, "admin/customer/tab_page.html", context)

    def row_context(self, request: HttpRequest, row: Customer, title: str) -> dict[str, Any]:
        """For a page that shows one part of the customer's page alone."""
        return {
            **self.admin_site.each_context(request),
            "title": f"{title}: {row}",
            "original": row,
            "opts": self.opts,
            "back": self.url("change", row),
        }

    def reminder(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Why there was no reminder on the day that the query asks for."""
        row = self.find_row(request, object_id)
        context = self.row_context(request, row, "Reminders")
        context["reminder"] = reminder_context(request, row, self.url("reminder", row))
        return TemplateResponse(request, "admin/customer/reminder_page.html", context)


def place_buttons(buttons: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The customer's buttons by the card that shows them; those of no card are in the head."""
    placed: dict[str, list[dict[str, Any]]] = {card: [] for card in ("head", *BUTTONS_OF_CARDS)}
    for button in buttons:
        placed[next((card for card, verbs in BUTTONS_OF_CARDS.items() if button["verb"] in verbs), "head")].append(
            button
        )
    return placed
