"""Filters by one row of the catalogue, which its page puts into the address of a list."""

from typing import Any

from django.db.models import QuerySet

from subscriptions.models import Item, OfferProfile, OrderStatus, Product
from subscriptions.staff.filters import RowFilter


class ProductFilter(RowFilter):
    """Subscriptions to one product."""

    title = "product"
    parameter_name = "product"
    model = Product


class OrderProductFilter(ProductFilter):
    """Upcoming orders with one product."""

    def filter_by(self, rows: QuerySet, row: Any) -> QuerySet:
        items = Item.objects.filter(merchant=row.merchant_id, product=row, order_status=OrderStatus.UNSENT)
        return rows.filter(status=OrderStatus.UNSENT, pk__in=items.values("order"))


class OfferFilter(RowFilter):
    """Subscriptions that have one offer."""

    title = "offer"
    parameter_name = "offer"
    model = OfferProfile

    def filter_by(self, rows: QuerySet, row: Any) -> QuerySet:
        return rows.filter(offer__in=list(row.offers.values_list("pk", flat=True)))


class ProductOfferFilter(RowFilter):
    """Products that come with one offer."""

    title = "offer"
    parameter_name = "offer"
    column = "offer_profile"
    model = OfferProfile
