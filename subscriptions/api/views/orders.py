from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.actions import order
from subscriptions.api.bodies.orders import NamedSubscriptionBody, OrderUpdateBody, PlaceDateBody, RescueBody, RetryBody
from subscriptions.api.bodies.shared import ChangePaymentBody, ChangeShippingBody
from subscriptions.api.filtersets import OrderFilters
from subscriptions.api.serializers import OrderSerializer
from subscriptions.api.views.base import ActionView, DetailView, ListView, ObjectView, View
from subscriptions.models import Item, Order, Product

TOTALS = ("sub_total", "tax_total", "shipping_total", "discount_total", "total")
OWN_COLUMNS = [field.name for field in Order._meta.concrete_fields]
# What an order shows of the rows that it refers to.
NAMED = ("customer__merchant_user_id", "payment__public_id", "shipping_address__public_id")
PLAN = Item.objects.filter(order=OuterRef("pk"), product__product_type=Product.Type.PLAN)


class RescuableAnswer(serializers.Serializer[Any]):
    rescuable = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)


class Orders(View):
    scopes = "AS"
    queryset = Order.objects.select_related("customer", "payment", "shipping_address")
    serializer_class = OrderSerializer
    flags = {"include_has_plan": "Adds `has_plan`: whether an item's product is a plan."}

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows.annotate(has_plan=Exists(PLAN)) if self.shows("include_has_plan") else rows


class OrderList(Orders, ListView):
    """The orders, newest first."""

    scopes = "ASR"
    filterset_class = OrderFilters
    orderings = {"place": "place", "created": "created", "updated": "updated"}
    times = {"place": "place", "created": "created", "updated": "updated"}

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().only(*OWN_COLUMNS, *NAMED)

    def status_column(self, rows: QuerySet[Any]) -> str:
        return "status"


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
