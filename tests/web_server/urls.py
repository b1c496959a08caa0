import time

from django.http import HttpRequest, JsonResponse
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


def spoilt(request: HttpRequest, manner: str, seconds: int) -> JsonResponse:
    spoil_answer(request, AnswerFault(Manner[manner], seconds))
    return JsonResponse({"spoilt": True})


urlpatterns = [
    path("echo/<str:word>/", echo),
    path("sleep/", sleep),
    path("spoilt/<str:manner>/<int:seconds>/", spoilt),
    path("", include("config.urls")),
]
