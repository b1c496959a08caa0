"""The Purchase POST, which a shop sends after every checkout, and the call for its outcome."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.web.public_ids import parse_public_id
from subscriptions.actions import checkout_requests, purchase
from subscriptions.api import idempotency
from subscriptions.api.failures import DETAIL
from subscriptions.api.purchase import PurchaseParser, PurchaseRejected, parse_purchase
from subscriptions.api.purchase_body import PurchaseBody
from subscriptions.api.views.base import View
from subscriptions.errors import DomainError, Refused
from subscriptions.models import CheckoutRequest

PENDING = "The request is being worked on."
ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
BY_OBJECT = {"type": "object", "additionalProperties": True}


class ReceivedAnswer(serializers.Serializer[Any]):
    result = serializers.CharField()
    subs_req_id = serializers.CharField()


class PartlyAnswer(serializers.Serializer[Any]):
    customer = serializers.CharField(allow_null=True)
    payment = serializers.CharField(allow_null=True)
    subscriptions = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    errors = serializers.DictField()  # type: ignore[assignment]  # the metaclass takes fields off the class


class OutcomeAnswer(PartlyAnswer):
    shipping_address = serializers.CharField(allow_null=True)


class PurchaseCreate(View):
    """Create the customer, address, payment and subscriptions of a checkout, except for those that exist already.

    A line with a frequency in `tracking_override` becomes a subscription; any other line was bought once. A checkout
    counts once, by its `merchant_order_id`.
    """

    http_method_names = ["post"]
    scopes = "AS"
    queryset = CheckoutRequest.objects.none()
    parser_classes = [PurchaseParser]
    body = PurchaseBody
    in_work: CheckoutRequest | None = None
    """The request being carried out; None again once it is refused."""
    failures = {
        "400": (
            "The request as a whole or one of its objects is wrong, or no subscription can start.",
            {"anyOf": [ERROR, BY_OBJECT]},
            {"customer": {"email": ["This field is required."]}},
        ),
        "409": (
            "The order has been received already, or the first request with this Idempotency-Key is running.",
            {"anyOf": [ERROR, DETAIL]},
            {"error": "The order 1224 has been received already."},
        ),
    }

    @extend_schema(responses={200: ReceivedAnswer, 206: PartlyAnswer})
    def post(self, request: Request) -> Response | HttpResponse:
        try:
            return idempotency.answer_once(request, self.answer, self.handle_exception)
        except Exception as error:
            if self.in_work is not None:
                # Not in `answer`, whose transaction is undone by now if it had an Idempotency-Key.
                checkout_requests.keep_fault(self.in_work, error)
            raise

    def answer(self) -> Response:
        merchant, actor = self.caller.merchant, self.caller.actor
        body = parse_purchase(merchant, self.request.data)
        if self.caller.customer not in (None, body["user"]["merchant_user_id"]):
            raise ValidationError({"user_id": ["It is not the customer that the signature is for."]})
        try:
            stored = checkout_requests.store_request(merchant, body, actor=actor)
        except Refused as refusal:
            raise PurchaseRejected(refusal.sentence, 409, refusal.code) from refusal
        self.in_work = stored
        try:
            answer = purchase.fulfil_request(stored.pk)
        except DomainError as error:
            # Nothing has changed, so the shop may send the order again.
            stored.delete()
            self.in_work = None
            raise ValidationError(error.errors) if isinstance(error, purchase.PurchaseRefused) else error from error
        if any(answer["errors"].values()):
            return Response({name: value for name, value in answer.items() if name != "shipping_address"}, status=206)
        return Response({"result": "Subscription request received", "subs_req_id": stored.public_id.hex})


class PurchaseOutcome(View):
    """The outcome of a checkout; 202 until there is one."""

    scopes = "AS"
    lookup_field = "subs_req_id"
    queryset = CheckoutRequest.objects.all()

    @extend_schema(responses={200: OutcomeAnswer, (202, "text/plain"): OpenApiResponse(str, PENDING)})
    def get(self, request: Request, id: str) -> Response | HttpResponse:
        public_id = parse_public_id(id)
        stored = self.get_queryset().filter(public_id=public_id).first() if public_id else None
        if stored is None or not self._may_see(stored):
            return Response({"detail": "Not found"}, status=404)
        if stored.answer is None:
            return HttpResponse(PENDING, content_type="text/plain", status=202)
        return Response(stored.answer)

    def _may_see(self, stored: CheckoutRequest) -> bool:
        """A storefront signature sees the checkouts that came with the same customer's signature."""
        return self.caller.customer is None or stored.actor == self.caller.actor.as_json()
