"""The paths below `/gladly/v1/`, which `integrations/gladly/app` calls. `ApiGate` adds a missing slash at the end."""

from django.urls import path, re_path

from integrations.gladly.api import acts, lists
from subscriptions.api.urls import unknown_path

urlpatterns = [
    path("customers/", lists.CustomerList.as_view()),
    path("subscriptions/", lists.SubscriptionList.as_view()),
    path("cancel-reasons/", lists.CancelReasonList.as_view()),
    path("subscriptions/<str:id>/cancel/", acts.CancelSubscription.as_view()),
    path("orders/<str:id>/skip_subscription/", acts.SkipSubscription.as_view()),
    re_path("", unknown_path),
]
