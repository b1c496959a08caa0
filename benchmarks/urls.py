from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """What a request costs before any of our code runs."""
    return HttpResponse("{}", content_type="application/json")


urlpatterns = [path("empty/", empty), path("", include("config.urls"))]
