"""Bulk profile imports: the job, its progress, its errors, and erasure."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import SandboxEvent, SandboxProfile
from tests.integrations.sandbox.account import NOON, Account, event_body, import_body, profile_body

pytestmark = pytest.mark.django_db
PATH = "/profile-bulk-import-jobs"
DATA = "/data/attributes/profiles/data"


def job_after(account: Account, job_id: str, seconds: float) -> dict[str, Any]:
    with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
        found: dict[str, Any] = account.get(f"{PATH}/{job_id}").json()["data"]["attributes"]
    return found


def test_a_job_is_queued_then_processing_then_complete(account):
    people = [{"email": f"c{number}@shop.test"} for number in range(500)]
    with time_machine.travel(NOON, tick=False), CaptureQueriesContext(connection) as seen:
        answer = account.post(PATH, import_body(*people))
    job = answer.json()["data"]
    assert (answer.status_code, job["attributes"]["status"]) == (202, "queued")
    assert len(seen) < 15
    assert SandboxProfile.objects.count() == 500
    progress = [job_after(account, job["id"], seconds) for seconds in (0.5, 1.05, 1.1)]
    assert [(each["status"], each["completed_count"], each["total_count"]) for each in progress] == [
        ("queued", 0, 500),
        ("processing", 250, 500),
        ("complete", 500, 500),
    ]
    assert progress[2]["expires_at"] == "2026-11-27T12:00:00+00:00"


def test_a_job_is_forgotten_after_a_week_and_unknown_to_other_accounts(account):
    with time_machine.travel(NOON, tick=False):
        job_id = account.post(PATH, import_body({"email": "ana@shop.test"})).json()["data"]["id"]
        assert Account().get(f"{PATH}/{job_id}").status_code == 404
    for days, status in ((6.9, 200), (7, 404)):
        with time_machine.travel(NOON + timedelta(days=days), tick=False):
            answers = [account.get(f"{PATH}/{job_id}"), account.get(f"{PATH}/{job_id}/import-errors")]
        assert {answer.status_code for answer in answers} == {status}


def test_profiles_are_created_and_changed_and_a_repeated_import_changes_nothing(account):
    account.post("/profile-import", profile_body(email="ana@shop.test", first_name="Ana", properties={"x": 1}))
    people = [{"email": "ANA@shop.test", "properties": {"y": 2}}, {"phone_number": "+15005550006"}]
    for _ in range(2):
        account.post(PATH, import_body(*people))
    rows = SandboxProfile.objects.order_by("pk").values_list("email", "phone_number", "first_name", "properties")
    assert [*rows] == [("ana@shop.test", "", "Ana", {"x": 1, "y": 2}), ("", "+15005550006", "", {})]


def test_profiles_that_cannot_be_merged_are_import_errors_in_pages(account):
    ids = [
        account.post("/profile-import", profile_body(email=f"{name}@shop.test")).json()["data"]["id"]
        for name in ("ana", "bo")
    ]
    body = import_body(*[{"email": "bo@shop.test"}] * 3, {"email": "cy@shop.test"})
    for profile in body["data"]["attributes"]["profiles"]["data"][:3]:
        profile["id"] = ids[0]
    with time_machine.travel(NOON, tick=False):
        job_id = account.post(PATH, body).json()["data"]["id"]
    done = job_after(account, job_id, 9)
    assert (done["status"], done["completed_count"], done["failed_count"]) == ("complete", 1, 3)
    with time_machine.travel(NOON, tick=False):
        first = account.get(f"{PATH}/{job_id}/import-errors", page_size="2").json()
        rest = account.http.get(first["links"]["next"], headers=account.headers).json()
    assert rest["links"]["next"] is None
    errors = [error["attributes"] for error in first["data"] + rest["data"]]
    assert [error["source"]["pointer"] for error in errors] == [f"{DATA}/{n}" for n in range(3)]
    assert (errors[0]["code"], errors[0]["original_payload"]["id"]) == ("duplicate_profile", ids[0])


@pytest.mark.parametrize(
    ("field", "value"), [("email", "nobody"), ("phone_number", "501-329-9800"), ("email", f"{'a' * 90}@shop.test")]
)
def test_one_bad_address_or_number_fails_the_whole_job(account, field, value):
    answer = account.post(PATH, import_body({"email": "ana@shop.test"}, {field: value}))
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["source"]["pointer"]) == (400, f"{DATA}/1/attributes/{field}")
    assert not SandboxProfile.objects.exists()


def test_too_many_profiles_and_too_large_ones_are_refused(account):
    many = account.post(PATH, import_body(*[{"email": "a@shop.test"}] * 10_001))
    large = account.post(PATH, import_body({"email": "a@shop.test", "properties": {"text": "x" * 100_000}}))
    pointers = [answer.json()["errors"][0]["source"]["pointer"] for answer in (many, large)]
    assert ([many.status_code, large.status_code], pointers) == ([400, 400], [DATA, f"{DATA}/0"])


@pytest.mark.parametrize("identifier", ["email", "phone_number", "id"])
def test_erasure_removes_a_profile_and_its_events(account, identifier):
    ana = {"email": "ana@shop.test", "phone_number": "+15005550006"}
    account.post("/events", event_body(profile=ana))
    account.post("/events", event_body(email="bo@shop.test"))
    row = SandboxProfile.objects.get(email="ana@shop.test")
    given = (
        {"attributes": {identifier: ana[identifier]}}
        if identifier in ana
        else {"attributes": {}, "id": row.public_id.hex}
    )
    profile = {"data": {"type": "profile", **given}}
    body = {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}}
    assert account.post("/data-privacy-deletion-jobs", body).status_code == 202
    assert [*SandboxEvent.objects.values_list("profile__email", flat=True)] == ["bo@shop.test"]
    assert SandboxProfile.objects.count() == 1


@pytest.mark.parametrize("attributes", [{}, {"email": "ana@shop.test", "phone_number": "+15005550006"}])
def test_erasure_needs_exactly_one_identifier(account, attributes):
    account.post("/events", event_body())
    profile = {"data": {"type": "profile", "attributes": attributes}}
    body = {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}}
    assert account.post("/data-privacy-deletion-jobs", body).status_code == 400
    assert SandboxEvent.objects.count() == 1
