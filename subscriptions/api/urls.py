"""The paths below `/api/`. `ApiGate` adds a missing slash at the end of a request's path."""

from django.http import HttpRequest, JsonResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from subscriptions.api.views import customers, merchant, orders, purchases, subscriptions


@csrf_exempt
def unknown_path(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"detail": "Not found."}, status=404)


app_name = "rest"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view()),
    path("customers/<str:id>/", customers.CustomerDetail.as_view()),
    path("subscriptions/", subscriptions.SubscriptionList.as_view()),
    path("subscriptions/<str:id>/", subscriptions.SubscriptionDetail.as_view()),
    path("subscriptions/<str:id>/cancel/", subscriptions.Cancel.as_view()),
    path("subscriptions/<str:id>/reactivate/", subscriptions.Reactivate.as_view()),
    path("subscription/create/", purchases.PurchaseCreate.as_view()),
    path("subscription/<str:id>/response/", purchases.PurchaseOutcome.as_view()),
    path("orders/", orders.OrderList.as_view()),
    path("orders/<str:id>/", orders.OrderDetail.as_view()),
    path("items/", orders.ItemList.as_view()),
    path("items/<str:id>/", orders.ItemDetail.as_view()),
    path("merchant/cancel_reason/", merchant.CancelReasonList.as_view()),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="rest:schema"), name="docs"),
    re_path("", unknown_path),
]
