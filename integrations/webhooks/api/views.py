from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import Connection
from integrations.webhooks.api.objects import (
    FilterAnswer,
    FilterBody,
    KeyAnswer,
    RotationAnswer,
    TargetBody,
    TargetUpdateBody,
    WebhookTargetSerializer,
)
from integrations.webhooks.signing_keys import rotate_signing_key, take_signing_key
from integrations.webhooks.targets import change_target, create_target, remove_target, set_filter
from subscriptions.api.filtersets import make_filterset
from subscriptions.api.idempotency import SecretResponse
from subscriptions.api.views.base import ActionView, CreateView, DetailView, ListView, ObjectView, View, WriteView
from subscriptions.objects.values import write_utc


class Targets(View):
    queryset = Connection.objects.filter(integration=Connection.Integration.WEBHOOK, removed_at=None).select_related(
        "target"
    )
    serializer_class = WebhookTargetSerializer
    refusal_fields = {
        "address_refused": "target_url",
        "name_taken": "name",
        "unknown_event_type": "pattern",
    }


class TargetList(Targets, CreateView, ListView):
    """The webhook targets, newest first."""

    http_method_names = ["get", "head", "post", "options"]
    tagged = False
    across = False
    filterset_class = make_filterset("WebhookTargetFilters")
    body = TargetBody

    @extend_schema(responses={201: WebhookTargetSerializer})
    def post(self, request: Request, **_: str) -> Any:
        """Add a target, of ten at most. It sends nothing before a filter is set."""
        return super().post(request)

    def create(self, inputs: dict[str, Any]) -> Connection:
        return create_target(self.caller.merchant, **inputs)

    def answer(self) -> Response:
        return self.write_object(self.create(self.read_body()), 201)


class TargetDetail(Targets, ActionView, DetailView):
    """One webhook target. PATCH changes what is sent; what waits for a target that is switched off is canceled."""

    http_method_names = ["get", "head", "patch", "delete", "options"]
    body = TargetUpdateBody

    def perform(self, row: Connection, **inputs: Any) -> None:
        change_target(row, **inputs)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, **_: str) -> Any:
        """Remove the target for good. What waits for it is canceled."""
        return super().post(request)

    def answer(self) -> Response:
        if self.request.method != "DELETE":
            return super().answer()
        row = self.get_object()
        with self.unchanged_row(row):
            remove_target(row)
        return Response(status=204)


class SetFilter(Targets, WriteView, ObjectView):
    """Say which types of events the target gets."""

    http_method_names = ["post", "put", "options"]
    body = FilterBody

    @extend_schema(responses=FilterAnswer)
    def post(self, request: Request, **_: str) -> Any:
        return super().post(request)

    @extend_schema(responses=FilterAnswer)
    def put(self, request: Request, **_: str) -> Any:
        return super().post(request)

    def answer(self) -> Response:
        return Response({"pattern": set_filter(self.get_object(), **self.read_body())})


class SigningKey(Targets, ObjectView):
    """The key that bodies are signed with, once after the target was made or its key rotated; later null."""

    http_method_names = ["get", "options"]  # a HEAD would take the key, too
    read_right = "write"

    @extend_schema(responses=KeyAnswer)
    def get(self, request: Request, **_: str) -> Response:
        return Response({"signing_key": take_signing_key(self.get_object())})


class RotateSigningKey(Targets, WriteView, ObjectView):
    """Get a new key. For 24 hours bodies are signed with both; until then a repeat changes nothing and shows no key."""

    http_method_names = ["patch", "options"]

    @extend_schema(request=None, responses=RotationAnswer)
    def patch(self, request: Request, **_: str) -> Any:
        return super().post(request)

    def answer(self) -> Response:
        new, old, until = rotate_signing_key(self.get_object())
        shown = {"signing_key": new, "expiring_signing_key": old, "signing_key_expiry": write_utc(until)}
        return SecretResponse(shown, kept=shown | {"signing_key": None, "expiring_signing_key": None})
