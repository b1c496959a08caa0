"""ETags of single objects."""

from django.test import Client

from subscriptions.models import Merchant, Subscription
from tests.api.patches import patch_subscription
from tests.factories import SubscriptionFactory

CHANGED = {"detail": "This object has changed; read it again."}


def test_an_object_that_the_client_has_is_not_sent_again(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    path = f"/api/subscriptions/{row.public_id.hex}/"
    tag = api.get(path)["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = api.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag), known
    assert api.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    patch_subscription(api, row, "cancel")
    changed = api.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_an_object_that_has_changed_since_it_was_read_is_not_changed(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    path = f"/api/subscriptions/{row.public_id.hex}/"
    tag = api.get(path)["ETag"]
    Subscription.objects.update(quantity=9)
    refused = patch_subscription(api, row, "cancel", **{"If-Match": tag})
    assert (refused.status_code, refused.json()) == (412, CHANGED)
    assert refused["X-Error-Code"] == "precondition_failed"
    assert Subscription.objects.get().live
    answer = patch_subscription(api, row, "cancel", **{"If-Match": api.get(path)["ETag"]})
    assert answer.status_code == 200
    assert answer["ETag"] == api.get(path)["ETag"]


def test_any_object_may_be_expected(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    assert patch_subscription(api, row, "cancel", **{"If-Match": "*"}).status_code == 200
