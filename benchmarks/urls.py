from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from subscriptions.models import Customer


@csrf_exempt
def empty_view(request: HttpRequest) -> HttpResponse:
    """Costs what a request costs before any of our code runs."""
    return HttpResponse("{}", content_type="application/json")


def customer_view(request: HttpRequest, key: int) -> HttpResponse:
    """The least that an answer about a customer costs."""
    return JsonResponse({"name": Customer.objects.get(pk=key).full_name})


urlpatterns = [
    path("empty/", empty_view),
    path("customer/<int:key>/", customer_view),
    path("", include("config.urls")),
]
