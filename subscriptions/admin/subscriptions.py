"""Subscriptions: a list, and the page of one with its terms, its orders and its activity."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.formats import date_format

from subscriptions.actions.cancel_reasons import reason_labels
from subscriptions.admin import acts
from subscriptions.admin.acts import order_card
from subscriptions.admin.acts.arranged import Fact
from subscriptions.admin.acts.subscription_card import subscription_card, with_card_rows
from subscriptions.admin.feed.pages import FeedAdmin
from subscriptions.admin.subscription_list import SubscriptionList
from subscriptions.models import Item, Order, Subscription
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.site import site

MOST_ORDERS = 10


@admin.register(Subscription, site=site)
class SubscriptionAdmin(SubscriptionList, FeedAdmin, PageAdmin):
    page_template = "admin/subscription/page.html"
    feed_column = "subscription"
    buttons = acts.SUBSCRIPTION_BUTTONS

    def page_context(self, request: HttpRequest, row: Subscription) -> dict[str, Any]:
        found = with_card_rows(self.get_queryset(request)).select_related("customer").get(pk=row.pk)
        found.merchant = found.customer.merchant = merchant_of(request)
        labels = reason_labels(found.merchant)
        return {
            "customer": found.customer,
            "card": subscription_card(request, found, labels),
            "orders": order_cards(request, found),
            "details": subscription_details(found),
            "feed": self.feed_context(request, found),
        }


def order_cards(request: HttpRequest, row: Subscription) -> dict[str, Any]:
    """The orders with an item of this subscription, the newest first."""
    items = Item.objects.filter(merchant=row.merchant_id, subscription=row)
    own = Order.objects.filter(
        Exists(items.filter(order=OuterRef("pk"))), merchant=row.merchant_id, customer=row.customer
    )
    (newest,) = order_card.load_card_rows(own.order_by("-place_date", "-pk")[: MOST_ORDERS + 1])
    for order in newest:
        order.customer, order.merchant = row.customer, row.merchant
    cards = [order_card.order_card(request, order) for order in newest[:MOST_ORDERS]]
    return {"cards": cards, "more": len(newest) > MOST_ORDERS}


def subscription_details(row: Subscription) -> list[Fact]:
    """What is looked up now and then."""
    facts = {
        "Started": date_format(row.start_date),
        "Reminder": f"{row.reminder_days} days before an order",
        "From": row.get_raw_subscription_type_display(),
        "Order in your shop": row.merchant_order_id,
        "External ID": row.external_id,
        "Subscription ID": row.public_id.hex,
    }
    return [Fact(name, text) for name, text in facts.items() if text]
