"""A customer's upcoming and earlier orders."""

from typing import Any

from django.db.models import Prefetch

from subscriptions.models import Customer, Item, Order, OrderStatus
from subscriptions.money import money

MOST_ORDERS = 10


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
