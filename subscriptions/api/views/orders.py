from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.actions import order
from subscriptions.api.bodies.orders import NamedSubscriptionBody, OrderUpdateBody, PlaceDateBody, RescueBody, RetryBody
from subscriptions.api.bodies.shared import ChangePaymentBody, ChangeShippingBody
from subscriptions.api.filters import PLACE_MARGIN, place_bound
from subscriptions.api.filtersets import OrderFilters
from subscriptions.api.serializers import OrderSerializer
from subscriptions.api.views.base import ActionView, DetailView, ListView, ObjectView, View
from subscriptions.models import Item, Order, Product
from subscriptions.models.order import place_in_utc

TOTALS = ("sub_total", "tax_total", "shipping_total", "discount_total", "total")
PLAN = Item.objects.filter(order=OuterRef("pk"), product__product_type=Product.Type.PLAN)


def annotate_place(rows: QuerySet[Any], zone: str, path: str = "") -> QuerySet[Any]:
    """`rows` with the columns of `place_at` and `place_in_utc`. `path` is the lookup of the order.

    `place_at` is the `place` of an order, computed in the database. It depends on the merchant's time zone, so that no
    index can have it. One has `place_in_utc`, which is less than `PLACE_MARGIN` away.
    """
    midnight = Func(
        Value(zone),
        F(f"{path}place_date"),
        template="timezone(%(expressions)s::timestamp)",
        arg_joiner="::text, ",
        output_field=DateTimeField(),
    )
    place = {"place_at": Coalesce(F(f"{path}tried_at"), midnight)}
    return rows.annotate(**place).alias(place_in_utc=place_in_utc(path))


class RescuableAnswer(serializers.Serializer[Any]):
    rescuable = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)


class PlaceListView(ListView):
    """A list that can be filtered by `place`; `to_order` leads from its rows to the order."""

    to_order = ""

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if not self.credential:
            return rows
        merchant = self.credential.merchant
        # The orders' indexes begin with the merchant.
        rows = rows.filter(**{f"{self.to_order}merchant": merchant})
        return annotate_place(rows, merchant.time_zone, self.to_order)


class Orders(View):
    scopes = "AS"
    queryset = Order.objects.select_related("customer", "payment", "shipping_address").annotate(has_plan=Exists(PLAN))
    serializer_class = OrderSerializer
    flags = {"include_has_plan": "Adds `has_plan`: whether an item's product is a plan."}


class OrderList(Orders, PlaceListView):
    """The orders, newest first."""

    scopes = "ASR"
    filterset_class = OrderFilters
    orderings = {"place": "place_at", "created": "created", "updated": "updated"}

    def first_rows(self, rows: QuerySet[Any], number: int) -> QuerySet[Any]:
        column = str(rows.query.order_by[0])
        if column.removeprefix("-") != "place_at":
            return rows
        # The row that is at this place by `place_in_utc`, which has an index, bounds those before it by `place_at`.
        way, lookup, margin = (
            ("-", "gte", -2 * PLACE_MARGIN) if column.startswith("-") else ("", "lte", 2 * PLACE_MARGIN)
        )
        in_utc = rows.order_by(f"{way}place_in_utc").annotate(bound=F("place_in_utc") + margin).values("bound")
        last = in_utc[number - 1 : number].first()
        return rows.filter(**{f"place_in_utc__{lookup}": last["bound"]}) if last else rows

    def beyond(self, column: str, lookup: str, value: str) -> Q:
        return place_bound(lookup, datetime.fromisoformat(value)) if column == "place_at" else Q()


class OrderDetail(Orders, DetailView):
    """One order."""

    scopes = "ASR"


class OrderAction(Orders, ActionView):
    flags = {}

    def last_state(self, row: Order) -> Order:
        for name in TOTALS:
            setattr(row, name, Decimal(0))  # it lost its last item
        return row


class CancelOrder(OrderAction):
    """Skip this order: it is cancelled, and each of its subscriptions gets its next order."""

    scopes = "ASR"
    verb = order.skip


class SkipSubscription(OrderAction):
    """Skip one subscription of this order."""

    body = NamedSubscriptionBody
    verb = order.skip_subscription


class SendNow(OrderAction):
    """Place this order as soon as possible; the next one comes a frequency from today."""

    verb = order.send_now


class ChangePlaceDate(OrderAction):
    """Move the whole order. It is merged into an open order with the same date, payment and address."""

    scopes = "ASR"
    body = PlaceDateBody
    refusal_fields = {"amount_too_large": "place"}
    verb = order.change_date


class ChangeOrderPayment(OrderAction):
    """Change the payment of this order alone; its subscriptions keep theirs."""

    body = ChangePaymentBody
    refusal_fields = {"amount_too_large": "payment"}
    verb = order.change_payment


class ChangeOrderShipping(OrderAction):
    """Change the shipping address of this order alone; its subscriptions keep theirs."""

    body = ChangeShippingBody
    refusal_fields = {"amount_too_large": "shipping_address"}
    verb = order.change_shipping_address


class UpdateOrder(OrderAction):
    """Replace the extra data."""

    scopes = "A"
    body = OrderUpdateBody
    verb = order.change_extra_data


class Rescue(OrderAction):
    """Try a rejected order again."""

    scopes = "A"
    body = RescueBody
    verb = order.rescue


class RescuableCheck(Orders, ObjectView):
    """Whether a rejected order can be tried again, and if not, why."""

    scopes = "A"
    flags = {}

    @extend_schema(responses=RescuableAnswer)
    def get(self, request: Request, id: str) -> Response:
        reason = order.why_not_rescuable(self.get_object())
        return Response({"rescuable": reason is None, "reason": reason})


class RetryOrder(OrderAction):
    """Tell an order that waits for an instruction when to be tried again."""

    scopes = "A"
    body = RetryBody
    verb = order.retry


class RejectOrder(OrderAction):
    """Reject an order that waits for an instruction."""

    scopes = "A"
    verb = order.give_up
