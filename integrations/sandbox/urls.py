"""Klaviyo's paths; as there, the trailing slash is optional."""

from django.urls import re_path

from common.web.public_ids import PUBLIC_ID_PATTERN
from integrations.sandbox import views

app_name = "sandbox"
ID = rf"(?P<public_id>{PUBLIC_ID_PATTERN})"

urlpatterns = [
    re_path(r"^api/events/?$", views.Events.as_view(), name="events"),
    re_path(rf"^api/events/{ID}/?$", views.OneEvent.as_view(), name="event"),
    re_path(r"^api/metrics/?$", views.Metrics.as_view(), name="metrics"),
    re_path(r"^api/metrics/(?P<public_id>[A-Z2-7]{8})/?$", views.OneMetric.as_view(), name="metric"),
    re_path(r"^api/profiles/?$", views.Profiles.as_view(), name="profiles"),
    re_path(rf"^api/profiles/{ID}/?$", views.OneProfile.as_view(), name="profile"),
    re_path(r"^api/profile-import/?$", views.ProfileImport.as_view(), name="profile-import"),
    re_path(r"^api/accounts/?$", views.Accounts.as_view(), name="accounts"),
    re_path(r"^api/", views.Unknown.as_view(), name="unknown"),
]
