"""Bodies the sandbox refuses as Klaviyo does, with a pointer to the fault."""

import pytest

from integrations.models import SandboxEvent, SandboxProfile
from tests.integrations.sandbox.account import JSON, event_body
from tests.integrations.sandbox.bad_bodies import BAD_BODIES, profile_attributes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("pointer", "spoil"), BAD_BODIES)
def test_a_bad_body_is_refused_with_a_pointer_to_the_fault_and_leaves_nothing(account, pointer, spoil):
    body = event_body()
    spoil(body)
    answer = account.post("/events", body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, answer["Content-Type"], error["status"]) == (400, JSON, 400)
    assert (error["source"], set(error)) == (
        {"pointer": pointer},
        {"id", "status", "code", "title", "detail", "source", "links", "meta"},
    )
    assert not SandboxEvent.objects.exists() and not SandboxProfile.objects.exists()


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "5", "[" * 100_000, '{"data": NaN}', '{"data": Infinity}', "\xff"],
)
def test_a_body_other_than_a_json_object_is_refused(account, text):
    assert account.post("/events", text.encode("latin-1")).status_code == 400


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
@pytest.mark.parametrize("field", ["properties", "unique_id", "first_name"])
def test_text_the_database_cannot_hold_is_refused(account, text, field):
    body = event_body()
    place = profile_attributes(body) if field == "first_name" else body["data"]["attributes"]
    place[field] = {"note": text} if field == "properties" else text
    assert account.post("/events", body).status_code == 400
    assert not SandboxProfile.objects.exists()


def test_another_content_type_is_refused(account):
    assert account.post("/events", event_body(), content_type="application/json").status_code == 415
