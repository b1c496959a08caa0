"""The base of the views that answer as Klaviyo's API does."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.sandbox.base_view import SandboxView
from integrations.sandbox.errors import MEDIA_TYPE, ApiError, error_response
from integrations.sandbox.private_keys import KLAVIYO, PATH
from integrations.sandbox.rate_limits import Usage
from integrations.sandbox.resources import Resource

REVISIONS = ("2026-07-15",)


class KlaviyoView(SandboxView):
    integration = KLAVIYO

    def check_headers(self, request: HttpRequest) -> None:
        if request.headers.get("revision") not in REVISIONS:
            raise ApiError(400, "invalid", f"The revision header must be one of: {', '.join(REVISIONS)}.")

    def error_response(self, errors: list[ApiError]) -> HttpResponse:
        return error_response(errors)

    def usage_headers(self, usage: Usage) -> dict[str, str]:
        """As Klaviyo's they are about the minute, and missing from a 429."""
        limit = usage.endpoint.steady or 0
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - usage.in_minute)),
            "RateLimit-Reset": str(usage.minute_ends),
        }

    @property
    def api(self) -> str:
        return self.request.build_absolute_uri(f"{PATH}/api")

    def respond_one(self, data: Resource, included: list[Resource] | None = None, status: int = 200) -> HttpResponse:
        more = {} if included is None else {"included": included}
        return _json_response({"data": data, **more, "links": data["links"]}, status)

    def respond_list(
        self, data: list[Resource], following: str | None, included: list[Resource] | None = None
    ) -> HttpResponse:
        here = self.request.build_absolute_uri()
        following = following and self.request.build_absolute_uri(f"{self.request.path}?{following}")
        more = {} if included is None else {"included": included}
        return _json_response({"data": data, **more, "links": {"self": here, "next": following, "prev": None}})


def not_found(kind: str, public_id: str) -> ApiError:
    return ApiError(404, "not_found", f"A {kind} with id {public_id} does not exist.")


def _json_response(body: dict[str, Any], status: int = 200) -> HttpResponse:
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)
