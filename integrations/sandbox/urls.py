"""The paths of Klaviyo, where the trailing slash is optional, of Attentive and of Gladly."""

from django.urls import include, path, re_path
from django.views import View

from common.web.public_ids import PUBLIC_ID_PATTERN
from integrations.sandbox import attentive, gladly, imports, reads, writes

ID = rf"(?P<public_id>{PUBLIC_ID_PATTERN})"
KLAVIYO: dict[str, type[View]] = {
    "events": writes.Events,
    f"events/{ID}": reads.OneEvent,
    "event-bulk-create-jobs": writes.BulkEvents,
    "metrics": reads.Metrics,
    "metrics/(?P<public_id>[A-Z2-7]{8})": reads.OneMetric,
    "profiles": reads.Profiles,
    f"profiles/{ID}": reads.OneProfile,
    "profile-import": writes.UpsertProfile,
    "profile-bulk-import-jobs": imports.ImportProfiles,
    f"profile-bulk-import-jobs/{ID}": imports.OneImport,
    f"profile-bulk-import-jobs/{ID}/import-errors": imports.ImportErrors,
    "data-privacy-deletion-jobs": writes.Erasure,
    "accounts": reads.Accounts,
}

klaviyo_urls = [re_path(rf"^api/{pattern}/?$", view.as_view()) for pattern, view in KLAVIYO.items()]
klaviyo_urls += [re_path(r"^api/", writes.Unknown.as_view())]
attentive_urls = [
    path("events/custom", attentive.Events.as_view()),
    path("attributes/custom", attentive.Attributes.as_view()),
    path("me", attentive.Me.as_view()),
    re_path("", attentive.Unknown.as_view()),
]
gladly_urls = [
    path("customer-profiles", gladly.Profiles.as_view()),
    path("conversation-items", gladly.Items.as_view()),
    re_path("", gladly.Unknown.as_view()),
]
urlpatterns = [
    path("klaviyo/", include(klaviyo_urls)),
    path("attentive/v1/", include(attentive_urls)),
    path("gladly/api/v1/", include(gladly_urls)),
]
