import time

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def echo(request: HttpRequest, word: str) -> JsonResponse:
    shown = {"word": word, "query": request.GET.dict(), "body": request.body.decode()}
    return JsonResponse({**shown, "headers": dict(request.headers), "peer": request.META["REMOTE_ADDR"]})


def sleep(request: HttpRequest) -> JsonResponse:
    time.sleep(1)
    return JsonResponse({"slept": True})


urlpatterns = [path("echo/<str:word>/", echo), path("sleep/", sleep), path("", include("config.urls"))]
