from typing import Any

from django.db.models import QuerySet
from rest_framework.response import Response

from subscriptions.actions import item
from subscriptions.api.bodies.orders import AddItemBody, CreateItemBody, ItemPriceBody
from subscriptions.api.bodies.shared import ChangeProductBody, QuantityBody
from subscriptions.api.filtersets import ItemFilters
from subscriptions.api.serializers import ItemSerializer
from subscriptions.api.views.base import ActionView, CreateView, DetailView, ListView, ObjectView, View, WriteView
from subscriptions.models import Item


class Items(View):
    scopes = "AS"
    queryset = Item.objects.select_related("order", "offer", "subscription", "product")
    serializer_class: Any = ItemSerializer
    flags = {"omit_price_calculation": "Leaves out `price`, `extra_cost` and `total_price`."}


class ItemList(Items, ListView):
    """The items, newest first."""

    filterset_class = ItemFilters
    orderings = {"created": "created", "updated": "order__updated"}
    times = {"place": "order_place", "order_updated": "order__updated"}

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        # The indexes of orders begin with the merchant.
        return rows.filter(order__merchant=self.caller.merchant) if goes_by_orders(rows) else rows

    def status_column(self, rows: QuerySet[Any]) -> str:
        return "order__status" if goes_by_orders(rows) else "order_status"


def goes_by_orders(rows: QuerySet[Any]) -> bool:
    return str(rows.query.order_by[0]).removeprefix("-") == "order__updated"


class ItemDetail(Items, DetailView):
    """One item of an order."""


class ItemWrite(Items):
    flags = {}


class AddToOrder(ItemWrite, CreateView):
    """Add a product to an open order, once."""

    scopes = "ASR"
    body = AddItemBody
    refusal_fields = {"amount_too_large": "quantity"}

    def create(self, inputs: dict[str, Any]) -> Item:
        added: Item = item.add(inputs.pop("order"), actor=self.caller.actor, **inputs).result
        return added


class CreateItem(ItemWrite, CreateView):
    """Order a product once for a day: on the open order of this day, payment and address, or on a new order."""

    body = CreateItemBody
    refusal_fields = {"place_date_past": "place_date", "amount_too_large": "quantity"}

    def create(self, inputs: dict[str, Any]) -> Item:
        created: Item = item.create(inputs.pop("customer"), actor=self.caller.actor, **inputs).result
        return created


class ChangeItemQuantity(ItemWrite, ActionView):
    """Change the quantity, in this order only."""

    body = QuantityBody
    refusal_fields = {"amount_too_large": "quantity"}
    verb = item.change_quantity


class ChangeItemPrice(ItemWrite, ActionView):
    """Set the unit price, in this order only."""

    scopes = "A"
    body = ItemPriceBody
    refusal_fields = {"amount_too_large": "price"}
    verb = item.change_price


class ChangeItemProduct(ItemWrite, ActionView):
    """Swap the product, in this order only."""

    body = ChangeProductBody
    refusal_fields = {"amount_too_large": "product"}
    verb = item.change_product


class DeleteItem(ItemWrite, WriteView, ObjectView):
    """Remove the item from its order. A subscription gets its next item instead."""

    http_method_names = ["delete", "options"]
    scopes = "ASR"
    answers_nothing = True
    condition = "If-Match"

    def answer(self) -> Response:
        row = self.get_object()
        with self.unchanged_row(row):
            item.remove(row, actor=self.caller.actor)
        return Response(status=204)
