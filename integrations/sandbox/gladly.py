"""The sandbox as Gladly: customer profiles, and the entries on their timelines, shown in the same inbox."""

from datetime import datetime, timedelta
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
from integrations.sandbox.private_keys import GLADLY
from integrations.sandbox.profiles import Wanted, upsert_profiles
from integrations.sandbox.rate_limits import Usage
from integrations.sandbox.store import refuse_unstorable_text
from integrations.sandbox.validation import validate_body
from subscriptions.models import Merchant

MEDIA_TYPE = "application/json"
OLDEST = timedelta(days=365)


class GladlyView(SandboxView):
    integration = GLADLY

    def error_response(self, errors: list[ApiError]) -> HttpResponse:
        first = errors[0]
        found = [
            {"attr": error.source.get("pointer", "")[1:].replace("/", "."), "code": error.code, "detail": error.detail}
            for error in errors
        ]
        return JsonResponse({"errors": found}, status=first.status, headers=first.headers)

    def usage_headers(self, usage: Usage) -> dict[str, str]:
        limit = usage.endpoint.burst
        return {
            "Ratelimit-Limit-Second": str(limit),
            "Ratelimit-Remaining-Second": str(max(0, limit - usage.in_second)),
        }

    def read_body(self, name: str) -> dict[str, Any]:
        """The valid body. Raises ApiError and InvalidBody."""
        if self.request.content_type != MEDIA_TYPE:
            raise ApiError(415, "unsupported_media_type", f"Content-Type must be {MEDIA_TYPE}.")
        body: dict[str, Any] = parse_json(self.request, LARGEST_BODY)
        validate_body(body, name)
        return body


class Profiles(GladlyView):
    endpoints = {"GET": endpoints.GLADLY_PROFILES}

    def get(self, request: HttpRequest) -> HttpResponse:
        email = request.GET.get("email", "").strip().lower()
        rows = SandboxProfile.objects.filter(merchant=self.merchant, integration=GLADLY, email=email)
        with refuse_unstorable_text():
            return JsonResponse([describe_profile(row) for row in rows] if email else [], safe=False)

    def post(self, request: HttpRequest) -> HttpResponse:
        body = self.read_body("gladly profile")
        with refuse_unstorable_text(), transaction.atomic():
            for each in body["emails"]:
                add_profile(self.merchant, each["original"], body.get("name", ""))
        return HttpResponse(status=201)


class Items(GladlyView):
    endpoints = {"POST": endpoints.GLADLY_ITEM}

    def post(self, request: HttpRequest) -> HttpResponse:
        body, now = self.read_body("gladly item"), timezone.now()
        content, key = body["content"], body.get("id") or uuid4().hex
        at = datetime.fromisoformat(content["occurredAt"])
        if at < now - OLDEST:
            detail = "occurredAt must not be older than a year."
            raise ApiError(400, "invalid", detail, {"pointer": "/content/occurredAt"})
        with refuse_unstorable_text(), transaction.atomic():
            # As at Gladly, an entry for somebody unknown makes a profile.
            profile = add_profile(self.merchant, body["customer"].get("emailAddress", ""))
            refuse_taken_id(profile, key)
            SandboxEvent.objects.create(
                merchant=self.merchant,
                integration=GLADLY,
                profile=profile,
                metric=content["title"],
                unique_id=key,
                time=at,
                properties={name: content[name] for name in ("body", "activityType", "sourceName") if name in content},
                received=now,
            )
        return JsonResponse({"id": key})


class Unknown(GladlyView):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise ApiError(404, "not_found", "The sandbox has no such endpoint.")

    post = get


def add_profile(merchant: Merchant, email: str, name: str = "") -> SandboxProfile:
    """The profile with this address, a new one if there is none. Raises ApiError 400 for an empty address."""
    first, _, last = name.partition(" ")
    names = {"first_name": first, "last_name": last} if name else {}
    wanted = Wanted.from_data({"attributes": {"email": email, **names}})
    [profile] = upsert_profiles(merchant, GLADLY, [wanted]).found
    if isinstance(profile, ApiError):
        raise profile
    return profile


def refuse_taken_id(profile: SandboxProfile, key: str) -> None:
    """Raises ApiError 409 for an ID that an entry of the merchant has. Call it in a transaction."""
    # Repeated requests are about the same profile: its lock makes the second wait for the first.
    SandboxProfile.objects.select_for_update().get(pk=profile.pk)
    if SandboxEvent.objects.filter(merchant=profile.merchant_id, integration=GLADLY, unique_id=key).exists():
        raise ApiError(409, "taken", "An item with this id exists already.", {"pointer": "/id"})


def describe_profile(row: SandboxProfile) -> dict[str, Any]:
    return {
        "id": row.public_id.hex,
        "name": f"{row.first_name} {row.last_name}".strip(),
        "emails": [{"original": row.email, "normalized": row.email}],
        "phones": [],
        "externalCustomerIds": [],
    }
