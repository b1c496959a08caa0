"""Bulk profile imports: the job, its progress and its errors."""

import json
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common.web.whole_numbers import parse_whole_number
from integrations.models import SandboxImport
from integrations.sandbox import endpoints
from integrations.sandbox.bodies import LARGEST_PROFILE, read_body
from integrations.sandbox.errors import TITLES, ApiError, invalid_parameter
from integrations.sandbox.klaviyo_view import KlaviyoView, not_found
from integrations.sandbox.private_keys import KLAVIYO
from integrations.sandbox.profiles import Wanted, upsert_profiles
from integrations.sandbox.resources import Resource
from integrations.sandbox.store import refuse_unstorable_text

# The profiles are there at once, but a client shall see a job that takes time.
QUEUED_FOR = timedelta(seconds=1)
PROFILES_PER_SECOND = 5000
HERE = "/data/attributes/profiles/data"


class ImportProfiles(KlaviyoView):
    endpoints = {"POST": endpoints.BULK_PROFILES}

    def post(self, request: HttpRequest) -> HttpResponse:
        profiles = read_body(request, "bulk profiles")["attributes"]["profiles"]["data"]
        refuse_large_profiles(profiles)
        wanted = [Wanted.from_data(profile, strict=True) for profile in profiles]
        with refuse_unstorable_text(), transaction.atomic():
            found = upsert_profiles(self.merchant, KLAVIYO, wanted).found
            errors = [
                import_error(index, error, profiles[index])
                for index, error in enumerate(found)
                if isinstance(error, ApiError)
            ]
            job = SandboxImport.objects.create(merchant=self.merchant, total=len(profiles), errors=errors)
        return self.respond_one(import_resource(job, self.api), status=202)


class OneImport(KlaviyoView):
    endpoints = {"GET": endpoints.IMPORT_STATUS}

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        return self.respond_one(import_resource(find_import(self, public_id), self.api))


class ImportErrors(KlaviyoView):
    endpoints = {"GET": endpoints.IMPORT_ERRORS}

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        job = find_import(self, public_id)
        size = parse_whole_number(request.GET.get("page[size]", "20")) or 0
        start = parse_whole_number(request.GET.get("page[cursor]", "0"))
        if not 1 <= size <= 100:
            raise invalid_parameter("page[size]", "Page size must be between 1 and 100.")
        if start is None:
            raise invalid_parameter("page[cursor]", "Invalid cursor; take it from links.next.")
        end, following = start + size, request.GET.copy()
        following["page[cursor]"] = str(end)
        numbered = enumerate(job.errors[start:end], start)
        data = [{"type": "import-error", "id": f"{public_id}-{n}", "attributes": error} for n, error in numbered]
        return self.respond_list(data, following.urlencode() if end < len(job.errors) else None)


def find_import(view: KlaviyoView, public_id: str) -> SandboxImport:
    """The job of the view's merchant; Klaviyo forgets it after a week. Raises ApiError 404."""
    since = timezone.now() - SandboxImport.KEPT
    job = SandboxImport.objects.filter(merchant=view.merchant, public_id=public_id, created__gt=since).first()
    if job is None:
        raise not_found("profile-bulk-import-job", public_id)
    return job


def refuse_large_profiles(profiles: list[dict[str, Any]]) -> None:
    """Raises ApiError 400."""
    for index, profile in enumerate(profiles):
        if len(json.dumps(profile, ensure_ascii=False).encode(errors="replace")) > LARGEST_PROFILE:
            detail = f"The profile is larger than {LARGEST_PROFILE:,} bytes."
            raise ApiError(400, "invalid", detail, {"pointer": f"{HERE}/{index}"})


def import_error(index: int, error: ApiError, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": error.code,
        "title": TITLES[error.status],
        "detail": error.detail,
        "source": {"pointer": f"{HERE}/{index}"},
        "original_payload": payload,
    }


def import_resource(job: SandboxImport, api: str) -> Resource:
    started = job.created + QUEUED_FOR
    finished = started + timedelta(seconds=job.total / PROFILES_PER_SECOND)
    now, failed = timezone.now(), len(job.errors)
    done = max(0, int((now - started).total_seconds() * PROFILES_PER_SECOND))
    complete = now >= finished
    attributes = {
        "status": "complete" if complete else "processing" if now >= started else "queued",
        "created_at": job.created.isoformat(),
        "started_at": started.isoformat() if now >= started else None,
        "completed_at": finished.isoformat() if complete else None,
        "expires_at": (job.created + SandboxImport.KEPT).isoformat(),
        "total_count": job.total,
        "completed_count": min(done, job.total - failed),
        "failed_count": failed if complete else 0,
    }
    address = f"{api}/profile-bulk-import-jobs/{job.public_id.hex}"
    return {
        "type": "profile-bulk-import-job",
        "id": job.public_id.hex,
        "attributes": attributes,
        "links": {"self": address},
    }
