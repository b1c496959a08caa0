from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.web.public_ids import new_public_id
from subscriptions.actions import entitlement, resource
from subscriptions.api import pagination
from subscriptions.api.bodies.resources import ExpirationBody, ResourceBody, ResourceUpdateBody
from subscriptions.api.catalogue_filters import EntitlementFilters, ResourceFilters
from subscriptions.api.serializers import EntitlementSerializer, ResourceSerializer
from subscriptions.api.views.base import ActionView, CreateView, DetailView, ListView, ObjectView, View, WriteView
from subscriptions.models import Entitlement, Grantee, Resource
from subscriptions.objects.values import write_utc


class TransactionAnswer(serializers.Serializer[Any]):
    transaction_type, source_action, source_object, source_object_id = (serializers.CharField() for _ in range(4))
    public_id, entitlement_public_id, resource_public_id, merchant_public_id = (
        serializers.CharField() for _ in range(4)
    )
    merchant_user_id, access_type = (serializers.CharField() for _ in range(2))
    transaction_initiation_time, transaction_execution_time = (serializers.DateTimeField() for _ in range(2))
    expiration, grace_period_expiration = (serializers.DateTimeField() for _ in range(2))
    grace_period = serializers.IntegerField(allow_null=True)


class CorrectionAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField(help_text="Whether an order was moved.")
    updated_order_ids = serializers.ListField(child=serializers.CharField())


class ModifiedResults(serializers.Serializer[Any]):
    entitlement_transaction = TransactionAnswer()
    entitlement = EntitlementSerializer()
    renewal_correction = CorrectionAnswer()


class ModifiedAnswer(serializers.Serializer[Any]):
    results = ModifiedResults()


class Entitlements(View):
    queryset = Entitlement.objects.select_related("customer", "resource").prefetch_related(
        Prefetch("grantees", Grantee.objects.order_by("pk"))
    )
    serializer_class = EntitlementSerializer


class EntitlementList(Entitlements, ListView):
    """The access that customers have to resources, newest first. Always in cursor mode."""

    scopes = "AS"
    filterset_class = EntitlementFilters
    orderings = {"created": "created", "updated": "last_updated"}

    @property
    def paginator(self) -> pagination.Pages | pagination.Cursors:
        if not hasattr(self, "_paginator"):
            self._paginator = pagination.Cursors() if self.credential else pagination.Pages()
        return self._paginator


class Resources(View):
    missing = {"detail": "Not found."}
    queryset = Resource.objects.all()
    serializer_class = ResourceSerializer


class ResourceList(Resources, ListView):
    """The resources, newest first."""

    filterset_class = ResourceFilters
    across = False
    orderings = {"created": "created", "updated": "last_updated"}


class ResourceDetail(Resources, DetailView):
    """One resource."""


class CreateResource(Resources, CreateView):
    """Add a resource."""

    body = ResourceBody
    success_status = 201

    def create(self, inputs: dict[str, Any]) -> Resource:
        return resource.create_resource(self.caller.merchant, **inputs)


class UpdateResource(Resources, ActionView):
    """Change what is sent."""

    body = ResourceUpdateBody

    def perform(self, row: Resource, **inputs: Any) -> None:
        resource.change_resource(row, **inputs)


class ModifyExpiration(Entitlements, WriteView, ObjectView):
    """End access on another day. The plan's upcoming order moves to that day, too, unless that is switched off."""

    http_method_names = ["post", "options"]
    body = ExpirationBody

    @extend_schema(request=ExpirationBody, responses=ModifiedAnswer)
    def post(self, request: Request, **_: str) -> Response | HttpResponse:
        return super().post(request)

    def answer(self) -> Response:
        row = self.get_object()
        inputs = self.read_body()
        started = timezone.now()
        done = entitlement.modify_expiration(row, actor=self.caller.actor, **inputs)
        changed = self.get_queryset().get(pk=row.pk)
        moved = [] if done.result is None else [done.result.public_id.hex]
        return Response(
            {
                "results": {
                    "entitlement_transaction": self._describe(changed, started),
                    "entitlement": self.get_serializer(changed).data,
                    "renewal_correction": {"success": bool(moved), "updated_order_ids": moved},
                }
            }
        )

    def _describe(self, row: Entitlement, started: datetime) -> dict[str, Any]:
        return {
            "transaction_type": "modify_expiration",
            "public_id": new_public_id().hex,
            "entitlement_public_id": row.public_id.hex,
            "merchant_user_id": row.customer.merchant_user_id,
            "resource_public_id": row.resource.public_id.hex,
            "merchant_public_id": self.caller.merchant.public_id.hex,
            "transaction_initiation_time": write_utc(started),
            "transaction_execution_time": write_utc(timezone.now()),
            "source_action": "api-call",
            "source_object": "user",
            "source_object_id": self.caller.actor.id,
            "access_type": row.access_type,
            "grace_period": row.grace_period,
            "expiration": write_utc(row.expiration),
            "grace_period_expiration": write_utc(row.grace_end),
        }
