from django.urls import include, path

from config import health

from subscriptions.admin.site import site

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("sandbox/klaviyo/", include("integrations.sandbox.urls")),
    path("api/", include("subscriptions.api.urls")),
    path("admin/", site.urls),
    path("", include("oneclick.urls")),
]
