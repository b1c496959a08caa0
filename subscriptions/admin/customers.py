"""Customers: the list with its search, and the page of one customer."""

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.decorators import display

from subscriptions.actions.cancel_reasons import describe_reason, offered_reasons
from subscriptions.admin import clock
from subscriptions.admin.filters import SubscriberFilter, live_subscriptions
from subscriptions.models import Customer, Event, Item, Order, OrderStatus, Subscription
from subscriptions.money import money
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

MOST_SUBSCRIPTIONS = 100
MOST_ORDERS = 10
MOST_ACTIVITIES = 50


@admin.register(Customer, site=site)
class CustomerAdmin(CustomerSearch, PageAdmin):
    page_template = "admin/customer.html"
    buttons = clock.BUTTONS
    list_display = ["name", "live_count", "next_order", "created"]
    list_filter = [SubscriberFilter, "is_test"]
    ordering = ["-created", "-id"]
    customer_path = "pk"
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
            "activities": activity_lines(row, panels),
            "panels": [{"template": template, "context": context} for template, context in panels],
        }


def initials(customer: Customer) -> str:
    return (customer.first_name[:1] + customer.last_name[:1]) or customer.email[:1]


def subscription_cards(request: HttpRequest, customer: Customer) -> list[dict[str, Any]]:
    upcoming = Item.objects.filter(merchant=merchant_of(request), subscription=OuterRef("pk"), upcoming=True)
    rows = (
        Subscription.objects.filter(merchant=merchant_of(request), customer=customer)
        .select_related("product", "offer")
        .annotate(next_day=Subquery(upcoming.values("order__place_date")[:1]))
        .order_by("cancelled", "-created")
    )
    buttons = site.get_model_admin(Subscription).offered_buttons
    labels = dict(offered_reasons(merchant_of(request)).values_list("code", "label"))
    return [
        {
            "row": row,
            "price": money(row.product.price if row.price is None else row.price, row.currency_code),
            "cancel_reason": describe_reason(row, labels),
            "buttons": buttons(request, row),
        }
        for row in sorted(rows[:MOST_SUBSCRIPTIONS], key=lambda row: not row.live)
    ]


def upcoming_orders(customer: Customer) -> list[dict[str, Any]]:
    items = Item.objects.select_related("product").order_by("pk")
    orders = (
        Order.objects.filter(merchant=customer.merchant_id, customer=customer, status=OrderStatus.UNSENT)
        .select_related("payment", "shipping_address")
        .prefetch_related(Prefetch("items", items))
        .order_by("place_date")[:MOST_ORDERS]
    )
    return [
        {
            "row": order,
            "items": [(item, money(item.total_price, order.currency_code)) for item in order.items.all()],
            "discount": money(order.discount_total, order.currency_code) if order.discount_total else "",
            "shipping": money(order.shipping_total, order.currency_code) if order.shipping_total else "",
            "total": money(order.total, order.currency_code),
        }
        for order in orders
    ]


def earlier_orders(customer: Customer) -> list[tuple[Order, str]]:
    orders = Order.objects.filter(merchant=customer.merchant_id, customer=customer)
    latest = orders.exclude(status=OrderStatus.UNSENT).order_by("-place_date")[:MOST_ORDERS]
    return [(order, money(order.total, order.currency_code)) for order in latest]


def activity_lines(customer: Customer, panels: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The activities, newest first, each with its events and the panels' labels for them (`event_notes`)."""
    notes: dict[int, list[Any]] = defaultdict(list)
    for _template, context in panels:
        for event, labels in context.get("event_notes", {}).items():
            notes[event] += labels
    events = Event.objects.only("id", "kind", "activity_id").order_by("pk")
    rows = customer.activities.filter(merchant=customer.merchant_id).prefetch_related(Prefetch("events", events))
    return [
        {"row": row, "events": [(event, notes[event.pk]) for event in row.events.all()]}
        for row in rows.order_by("-pk")[:MOST_ACTIVITIES]
    ]
