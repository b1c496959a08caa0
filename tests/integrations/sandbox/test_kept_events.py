"""What the sandbox keeps of the events sent to it, and what it drops."""

import copy

import pytest

from integrations.models import SandboxEvent, SandboxProfile
from tests.integrations.sandbox.account import NOON, event_body, profile_body

pytestmark = pytest.mark.django_db


def test_an_accepted_event_is_kept_with_its_profile(account):
    profile = {
        "email": "Ana@Shop.test",
        "phone_number": "+15013299800",
        "first_name": "Ana",
        "properties": {"Ordergroove Subscriber Status": "active"},
    }
    answer = account.post("/events", event_body(profile=profile))
    assert (answer.status_code, answer.content) == (202, b"")
    kept = SandboxEvent.objects.get()
    assert (kept.merchant, kept.metric, kept.unique_id, kept.time, kept.properties) == (
        account.merchant,
        "ordergroove.order.cancel",
        "u1",
        NOON,
        {"id": "9f1c", "quantity": 2},
    )
    row = SandboxProfile.objects.values("merchant", "email", "phone_number", "first_name", "last_name", "properties")
    assert row.get() == {
        **profile,
        "merchant": account.merchant.pk,
        "email": "ana@shop.test",
        "last_name": "",
    }


def test_a_repeated_unique_id_is_accepted_and_dropped(account):
    for properties in ({"n": 1}, {"n": 2}):
        assert account.post("/events", event_body(properties=properties)).status_code == 202
    assert SandboxEvent.objects.get().properties == {"n": 1}


def test_a_unique_id_counts_per_profile_and_metric(account):
    for body in (event_body(), event_body(email="bo@shop.test"), event_body(metric="another")):
        account.post("/events", body)
    assert SandboxEvent.objects.count() == 3


def test_without_a_unique_id_one_event_per_second_is_kept(account):
    for second in ("12:00:00Z", "12:00:00.500Z", "12:00:01Z"):
        body = event_body(time=f"2026-11-20T{second}")
        del body["data"]["attributes"]["unique_id"]
        account.post("/events", body)
    assert SandboxEvent.objects.count() == 2


def test_a_profile_keeps_what_a_later_event_does_not_mention_and_null_clears(account):
    account.post("/events", event_body(profile={"email": "a@shop.test", "first_name": "Ana", "properties": {"x": 1}}))
    account.post(
        "/events",
        event_body(unique_id="u2", profile={"email": "a@shop.test", "last_name": "Ruiz", "properties": {"y": 2}}),
    )
    account.post("/profile-import", profile_body(email="a@shop.test", first_name=None))
    profile = SandboxProfile.objects.get()
    assert (profile.first_name, profile.last_name, profile.properties) == ("", "Ruiz", {"x": 1, "y": 2})


def test_a_phone_number_alone_identifies_a_profile(account):
    for unique_id in ("u1", "u2"):
        account.post("/events", event_body(unique_id=unique_id, profile={"phone_number": "+15013299800"}))
    assert SandboxProfile.objects.get().events.count() == 2


def test_the_value_is_shown_among_the_properties(account):
    account.post("/events", event_body(value=25.5, value_currency="USD"))
    [found] = account.get("/events").json()["data"]
    assert found["attributes"]["event_properties"] == {
        "id": "9f1c",
        "quantity": 2,
        "$value": 25.5,
        "$currency_code": "USD",
        "$event_id": "u1",
    }


def test_the_same_event_changes_nothing_the_second_time(account):
    account.post("/events", event_body())
    before = copy.copy(SandboxProfile.objects.values().get())
    account.post("/events", event_body())
    assert SandboxProfile.objects.values().get() == before
