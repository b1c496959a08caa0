"""What the merchant's platform answered to order posts, and the final answers that it sends on its own."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.actions import final_answers
from subscriptions.api import idempotency
from subscriptions.api.authentication import MayReadInBulk
from subscriptions.api.bodies.orders import FinalAnswerBody
from subscriptions.api.errors import Conflict
from subscriptions.api.failures import BY_FIELD_REFERENCE, DETAIL
from subscriptions.api.filtersets import PlacementFilters
from subscriptions.api.serializers import PlacementResponseSerializer
from subscriptions.api.views.base import ListView, ObjectView, WriteView
from subscriptions.api.views.orders import Orders
from subscriptions.models import Order, OrderStatus, PlacementAttempt


class PlacementResponseList(ListView):
    """What came back from each attempt to place an order, oldest first. The key needs the right `bulk`."""

    across = False
    largest_page = 1000
    queryset = PlacementAttempt.objects.select_related("order").exclude(effect="")
    serializer_class = PlacementResponseSerializer
    filterset_class = PlacementFilters
    default_order = ("started", "public_id")

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), MayReadInBulk()]


class FinalizedAnswer(serializers.Serializer[Any]):
    order = serializers.CharField()
    merchant = serializers.CharField()
    status = serializers.IntegerField()
    display_status = serializers.CharField()
    error_code = serializers.IntegerField(allow_null=True)
    error_message = serializers.CharField(allow_null=True)
    retry = serializers.BooleanField()
    currency_units_per_merchant_currency_unit = serializers.IntegerField()


FINALIZED = {
    "type": "object",
    "required": ["order", "merchant", "status", "error_code", "error_message", "retry"],
    "properties": {
        "order": {"type": "string"},
        "merchant": {"type": "string"},
        "status": {"type": "integer"},
        "display_status": {"type": "string"},
        "error_code": {"type": "integer", "enum": list(final_answers.CODES)},
        "error_message": {"type": "string"},
        "retry": {"type": "boolean"},
        "currency_units_per_merchant_currency_unit": {"type": "integer"},
    },
}
EXAMPLE = {
    "order": "019a9d0cc2f57b0a8d1be26a4d8a3f10",
    "merchant": "019a9d0cc2f57b0a8d1be26a4d8a3f11",
    "status": 5,
    "display_status": "SUCCESS",
    "error_code": 3,
    "error_message": "An order of the status SUCCESS does not wait for an answer.",
    "retry": False,
    "currency_units_per_merchant_currency_unit": 1,
}


class NotFinalYet(Conflict):
    """An answer that may be accepted later: it is not stored under the request's `Idempotency-Key`."""

    def __init__(self, answer: Response) -> None:
        super().__init__(400, "order_not_due", "")
        self.answer = answer


class FinalizePlacement(Orders, WriteView, ObjectView):
    """Give the final answer to the post of an order that is being processed, or whose outcome is unknown.

    `error_code` is null; 1 if `response_xml` is missing, 2 if it is no XML, 4 if it is no answer to an order post; 3
    if the order does not wait for an answer. With `retry`, the same answer may be accepted later.
    """

    http_method_names = ["post", "patch", "options"]
    scopes = "A"
    flags = {}
    condition = "If-Match"
    body = FinalAnswerBody
    failures = {
        "400": ("The answer cannot be recorded.", {"anyOf": [FINALIZED, DETAIL, BY_FIELD_REFERENCE]}, EXAMPLE),
    }

    @extend_schema(responses=FinalizedAnswer)
    def post(self, request: Request, **_: str) -> Response | HttpResponse:
        named = request.data.get("idempotency_key") if isinstance(request.data, dict) else None
        key = named if isinstance(named, str) and named else None
        return idempotency.answer_once(request, self.answer, self.handle_exception, key)

    patch = post

    def answer(self) -> Response:
        row = self.get_object()
        inputs = self.read_body()
        with self.unchanged_row(row):
            try:
                final_answers.record_final_answer(
                    row, answer_xml=inputs.get("response_xml") or "", actor=self.caller.actor
                )
            except final_answers.NotFinal as fault:
                refusal = self.describe(row, fault)
                if fault.retry:
                    raise NotFinalYet(refusal) from fault
                return refusal
        return self.describe(row)

    def handle_exception(self, error: Exception) -> Response:
        return error.answer if isinstance(error, NotFinalYet) else super().handle_exception(error)

    def describe(self, row: Order, fault: final_answers.NotFinal | None = None) -> Response:
        status = OrderStatus(Order.objects.values_list("status", flat=True).get(pk=row.pk))
        answer = {
            "order": row.public_id.hex,
            "merchant": self.caller.merchant.public_id.hex,
            "status": status,
            "display_status": status.name,
            "error_code": fault.number if fault else None,
            "error_message": fault.sentence if fault else None,
            "retry": bool(fault and fault.retry),
            "currency_units_per_merchant_currency_unit": 1,
        }
        if fault is None:
            return Response(answer)
        return Response(answer, status=400, headers={"X-Error-Code": final_answers.CODES[fault.number]})
