"""The paths of webhook targets below `/api/`."""

from django.urls import path

from integrations.webhooks.api import views

app_name = "rest"  # by which `ApiGate` knows the calls of the API
urlpatterns = [
    path("webhook_targets/", views.TargetList.as_view()),
    path("webhook_targets/<str:id>/", views.TargetDetail.as_view()),
    path("webhook_targets/<str:id>/filters/", views.SetFilter.as_view()),
    path("webhook_targets/<str:id>/signing_key/", views.SigningKey.as_view()),
    path("webhook_targets/<str:id>/signing_key/rotate/", views.RotateSigningKey.as_view()),
]
