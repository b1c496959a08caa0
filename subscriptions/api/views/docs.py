"""The description of the API, for programs and people. It is public, and the same for everybody."""

from collections.abc import Hashable
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from subscriptions.api import markdown

CACHED = {"Cache-Control": "public, max-age=3600"}


@cache
def described_api() -> dict[str, Any]:
    """The OpenAPI description; made once, because it does not change while the process runs."""
    described: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return described


@cache
def written_api(renderer: Hashable) -> bytes:
    """The description as text, by a class of renderers; to write it takes most of a second."""
    text: bytes | str = cast(Any, renderer)().render(described_api())
    return text if isinstance(text, bytes) else text.encode()


@cache
def reference() -> str:
    return markdown.write_reference(described_api())


class OpenApi(SpectacularAPIView):
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        headers = {**CACHED, "Vary": "Accept"}
        return HttpResponse(
            written_api(renderer.__class__), content_type=f"{renderer.media_type}{charset}", headers=headers
        )


@require_safe
def docs_in_markdown(request: HttpRequest) -> HttpResponse:
    return HttpResponse(reference(), content_type="text/markdown; charset=utf-8", headers=CACHED)


@require_safe
def llms_txt(request: HttpRequest) -> HttpResponse:
    """https://llmstxt.org: where tools look first."""
    root = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    text = markdown.write_index(described_api(), root)
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=CACHED)
