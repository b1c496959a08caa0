"""The description of the API, for programs and people. It is public, and the same for everybody."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api import markdown

CACHED = {"Cache-Control": "public, max-age=3600"}


@cache
def described_api() -> dict[str, Any]:
    """The OpenAPI description; made once, because it does not change while the process runs."""
    described: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return described


@cache
def reference() -> str:
    return markdown.write_reference(described_api())


class OpenApi(SpectacularAPIView):
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(described_api(), headers={**CACHED, "Vary": "Accept"})


@require_safe
def docs_in_markdown(request: HttpRequest) -> HttpResponse:
    return HttpResponse(reference(), content_type="text/markdown; charset=utf-8", headers=CACHED)


@require_safe
def llms_txt(request: HttpRequest) -> HttpResponse:
    """https://llmstxt.org: where tools look first."""
    root = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    text = markdown.write_index(described_api(), root)
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=CACHED)
