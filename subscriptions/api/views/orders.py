from typing import Any

from django.db.models import DateTimeField, Exists, F, Func, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from subscriptions.api.filtersets import ItemFilters, OrderFilters
from subscriptions.api.serializers import ItemSerializer, OrderSerializer
from subscriptions.api.views.base import DetailView, ListView, View
from subscriptions.models import Item, Order, Product

PLAN = Item.objects.filter(order=OuterRef("pk"), product__product_type=Product.Type.PLAN)


def annotate_place(rows: QuerySet[Any], zone: str, path: str = "") -> QuerySet[Any]:
    """`rows` with `place_at`: the `place` of an order, computed in the database. `path` is the lookup of the order."""
    midnight = Func(
        Value(zone),
        F(f"{path}place_date"),
        template="timezone(%(expressions)s::timestamp)",
        arg_joiner="::text, ",
        output_field=DateTimeField(),
    )
    return rows.annotate(place_at=Coalesce(F(f"{path}tried_at"), midnight))


class PlaceListView(ListView):
    """A list that can be filtered by `place`; `to_order` leads from its rows to the order."""

    to_order = ""

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return annotate_place(rows, self.credential.merchant.time_zone, self.to_order) if self.credential else rows


class Orders(View):
    queryset = Order.objects.select_related("customer", "payment", "shipping_address").annotate(has_plan=Exists(PLAN))
    serializer_class = OrderSerializer
    flags = {"include_has_plan": "Adds `has_plan`: whether an item's product is a plan."}


class OrderList(Orders, PlaceListView):
    """The orders, newest first."""

    scopes = "ASR"
    filterset_class = OrderFilters
    orderings = {"place": "place_at", "created": "created", "updated": "updated"}


class OrderDetail(Orders, DetailView):
    """One order."""

    scopes = "ASR"


class Items(View):
    queryset = Item.objects.select_related("order", "offer", "subscription", "product")
    serializer_class = ItemSerializer
    flags = {"omit_price_calculation": "Leaves out `price`, `extra_cost` and `total_price`."}


class ItemList(Items, PlaceListView):
    """The items, newest first."""

    scopes = "AS"
    filterset_class = ItemFilters
    orderings = {"created": "created", "updated": "order__updated"}
    to_order = "order__"


class ItemDetail(Items, DetailView):
    """One item of an order."""

    scopes = "AS"
