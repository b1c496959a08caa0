"""Orders: a list, and the page of one with what comes next, its items and money, its attempts and its activity."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from subscriptions.actions.orders import MERGED_INTO
from subscriptions.admin import acts, order_placement
from subscriptions.admin.acts.arranged import Fact
from subscriptions.admin.acts.order_card import load_card_rows, order_card
from subscriptions.admin.catalogue import order_buttons
from subscriptions.admin.catalogue.incentives import order_incentives
from subscriptions.admin.feed.pages import FeedAdmin
from subscriptions.admin.order_list import OrderList
from subscriptions.models import Order
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.site import site


@admin.register(Order, site=site)
class OrderAdmin(OrderList, FeedAdmin, PageAdmin):
    page_template = "admin/order/page.html"
    feed_column = "order"
    buttons = (*acts.ORDER_BUTTONS, *order_buttons.ORDER_BUTTONS)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("customer", "merchant")

    def return_url(self, subject: Order) -> str:
        """The customer's page once the order is gone, because its last item has left it."""
        if Order.objects.filter(merchant=subject.merchant_id, pk=subject.pk).exists():
            return self.row_url(subject)
        return reverse("admin:subscriptions_customer_change", args=[subject.customer_id])

    def page_context(self, request: HttpRequest, row: Order) -> dict[str, Any]:
        ((order,),) = load_card_rows(self.get_queryset(request).filter(pk=row.pk))
        return {
            "customer": order.customer,
            "card": order_card(request, order, is_own_page=True),
            "placement": order_placement.placement_context(order),
            "merged_into": find_merged_into(order),
            "incentives": order_incentives(request, order),
            "details": order_details(order),
            "feed": self.feed_context(request, order),
        }


def find_merged_into(order: Order) -> Order | None:
    """The order that has the items of a merged one."""
    key = (order.extra_data or {}).get(MERGED_INTO)
    if key is None:
        return None
    return Order.objects.filter(merchant=order.merchant_id, customer=order.customer_id, public_id=key).first()


def order_details(order: Order) -> list[Fact]:
    """What is looked up now and then: the ids."""
    facts = [Fact("Order ID", order.public_id.hex)]
    return [Fact("Order ID on your platform", order.order_merchant_id), *facts] if order.order_merchant_id else facts
