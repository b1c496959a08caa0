"""The sandbox as Attentive: events and attributes are stored beside Klaviyo's, and shown in the same inbox."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from integrations.models import SandboxEvent, SandboxProfile
from integrations.sandbox import endpoints
from integrations.sandbox.base_view import SandboxView
from integrations.sandbox.bodies import LARGEST_BODY, parse_json
from integrations.sandbox.errors import ApiError
from integrations.sandbox.private_keys import ATTENTIVE
from integrations.sandbox.profiles import Wanted, upsert_profiles
from integrations.sandbox.rate_limits import Usage
from integrations.sandbox.store import refuse_unstorable_text
from integrations.sandbox.validation import validate_body

MEDIA_TYPE = "application/json"


class AttentiveView(SandboxView):
    integration = ATTENTIVE

    def error_response(self, errors: list[ApiError]) -> HttpResponse:
        """Attentive does not say what its errors look like; these name what is wrong."""
        first = errors[0]
        found = [{"message": error.detail, "path": error.source.get("pointer", "")} for error in errors]
        return JsonResponse({"errors": found}, status=first.status, headers=first.headers)

    def usage_headers(self, usage: Usage) -> dict[str, str]:
        limit = usage.endpoint.burst
        return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(0, limit - usage.in_second))}

    def read_body(self, name: str) -> dict[str, Any]:
        """The valid body. Raises ApiError and InvalidBody."""
        if self.request.content_type != MEDIA_TYPE:
            raise ApiError(415, "unsupported_media_type", f"Content-Type must be {MEDIA_TYPE}.")
        body: dict[str, Any] = parse_json(self.request, LARGEST_BODY)
        validate_body(body, name)
        return body

    def upsert_user(self, user: dict[str, Any], properties: dict[str, Any]) -> SandboxProfile:
        """The profile of `user`, with these attributes. Raises ApiError 400."""
        ids = user.get("externalIdentifiers", {})
        custom = [each.get("value") for each in ids.get("customIdentifiers", [])]
        texts = {"email": user.get("email"), "phone_number": user.get("phone")}
        texts["external_id"] = ids.get("clientUserId") or next(filter(None, custom), None)
        attributes = {name: text for name, text in texts.items() if text}
        wanted = Wanted.from_data({"attributes": attributes | {"properties": properties}})
        [profile] = upsert_profiles(self.merchant, ATTENTIVE, [wanted]).found
        if isinstance(profile, ApiError):
            raise profile
        return profile


class Events(AttentiveView):
    endpoints = {"POST": endpoints.ATTENTIVE_EVENT}

    def post(self, request: HttpRequest) -> HttpResponse:
        body, now = self.read_body("attentive event"), timezone.now()
        with refuse_unstorable_text(), transaction.atomic():
            SandboxEvent.objects.create(
                merchant=self.merchant,
                integration=ATTENTIVE,
                profile=self.upsert_user(body["user"], {}),
                metric=body["type"],
                unique_id=body.get("externalEventId") or str(uuid4()),
                time=datetime.fromisoformat(body["occurredAt"]) if body.get("occurredAt") else now,
                properties=body.get("properties", {}),
                received=now,
            )
        return HttpResponse()


class Attributes(AttentiveView):
    endpoints = {"POST": endpoints.ATTENTIVE_ATTRIBUTES}

    def post(self, request: HttpRequest) -> HttpResponse:
        body = self.read_body("attentive attributes")
        with refuse_unstorable_text(), transaction.atomic():
            self.refuse_other_types(body["properties"])
            self.upsert_user(body["user"], body["properties"])
        return HttpResponse()

    def refuse_other_types(self, properties: dict[str, Any]) -> None:
        """The first value of an attribute fixes its type for the whole account. Raises ApiError 400."""
        rows = SandboxProfile.objects.filter(merchant=self.merchant, integration=ATTENTIVE)
        for name, value in properties.items():
            row = rows.filter(properties__has_key=name).order_by("pk").first()
            if row and isinstance(row.properties[name], str) != isinstance(value, str):
                detail = f"The attribute '{name}' has values of another type."
                raise ApiError(400, "invalid", detail, {"pointer": f"/properties/{name}"})


class Me(AttentiveView):
    endpoints = {"GET": endpoints.ATTENTIVE_ME}

    def get(self, request: HttpRequest) -> HttpResponse:
        merchant = self.merchant
        return JsonResponse(
            {
                "applicationName": "Reprise sandbox",
                "attentiveDomainName": f"{merchant.public_id.hex[:8]}.attn.test",
                "companyName": merchant.name,
                "contactEmail": "sandbox@localhost",
                "companyId": merchant.public_id.hex,
            }
        )


class Unknown(AttentiveView):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise ApiError(404, "not_found", "The sandbox has no such endpoint.")

    post = get
