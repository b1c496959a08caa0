from django.urls import include, path
from django.views.generic import RedirectView

from config import error_pages, health
from config.metrics import metrics
from onboarding import passwords
from onboarding import views as onboarding
from onboarding.invitations import invitation_page
from oneclick.redemption import views as one_click
from subscriptions.api.views import docs
from subscriptions.staff.site import site

handler500 = error_pages.server_error
urlpatterns = [
    # First, because these are requested most often.
    path("", include("oneclick.urls")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics),
    path("llms.txt", docs.llms_txt),
    path("sandbox/", include("integrations.sandbox.urls")),
    path("gladly/lookup/", include("integrations.gladly.lookup.urls")),
    path("api/one_click/undo/", one_click.undo),
    path("api/one_click/<str:action>/", one_click.link_action),
    path("api/", include("integrations.webhooks.api.urls", namespace="webhook_targets")),
    path("api/", include("subscriptions.api.urls")),
    path("gladly/v1/", include("integrations.gladly.api.urls")),
    path("setup/", onboarding.how_to_begin, name="how_to_begin"),
    path("setup/<str:token>/", onboarding.setup, name="setup"),
    path("invitation/<str:token>/", invitation_page, name="invitation"),
    path("password/<uidb64>/<token>/", passwords.NewPassword.as_view(), name="new_password"),
    path("password/", passwords.forgotten, name="admin_password_reset"),
    path("admin/login/", onboarding.login),
    path("admin/", site.urls),
]
