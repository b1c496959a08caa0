import threading
import time
from collections.abc import Iterator

from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from common.web.answer_faults import AnswerFault, Manner, spoil_answer


@csrf_exempt
def echo(request: HttpRequest, word: str) -> JsonResponse:
    shown = {"word": word, "query": request.GET.dict(), "body": request.body.decode()}
    return JsonResponse({**shown, "headers": dict(request.headers), "peer": request.META["REMOTE_ADDR"]})


def sleep(request: HttpRequest) -> JsonResponse:
    time.sleep(1)
    return JsonResponse({"slept": True})


def stream(request: HttpRequest, parts: int) -> StreamingHttpResponse:
    """A part each half second, which names the thread it is made in."""

    def content() -> Iterator[str]:
        for number in range(parts):
            yield f"{number} {threading.current_thread().name}\n"
            time.sleep(0.5)

    return StreamingHttpResponse(content())


def large_stream(request: HttpRequest) -> StreamingHttpResponse:
    """More than a connection holds that nobody reads."""
    return StreamingHttpResponse(b"0123456789" * 10_000 for _ in range(50))


def huge_stream(request: HttpRequest) -> StreamingHttpResponse:
    """More than a process shall hold."""
    return StreamingHttpResponse(b"0123456789" * 10_000 for _ in range(1000))


def broken_stream(request: HttpRequest) -> StreamingHttpResponse:
    """A part, and then a fault."""

    def content() -> Iterator[str]:
        yield "first part"
        raise ValueError

    return StreamingHttpResponse(content())


def spoilt(request: HttpRequest, manner: str, seconds: int) -> JsonResponse:
    spoil_answer(request, AnswerFault(Manner[manner], seconds))
    return JsonResponse({"spoilt": True})


urlpatterns = [
    path("echo/<str:word>/", echo),
    path("sleep/", sleep),
    path("stream/<int:parts>/", stream),
    path("large_stream/", large_stream),
    path("huge_stream/", huge_stream),
    path("broken_stream/", broken_stream),
    path("spoilt/<str:manner>/<int:seconds>/", spoilt),
    path("", include("config.urls")),
]
