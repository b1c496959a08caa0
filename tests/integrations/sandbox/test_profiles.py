"""Profiles are made once, changed by their id and found by e-mail."""

import pytest

from integrations.models import SandboxProfile
from tests.integrations.sandbox.account import profile_body

pytestmark = pytest.mark.django_db


def test_profiles_are_listed_newest_first_and_found_by_email(three):
    emails = [row["attributes"]["email"] for row in three.get("/profiles").json()["data"]]
    assert emails == ["bo@shop.test", "ana@shop.test"]
    [ana] = three.get("/profiles", filter='equals(email,"Ana@shop.test")').json()["data"]
    assert ana["attributes"]["email"] == "ana@shop.test"
    assert three.get(f"/profiles/{ana['id']}").json()["data"] == ana


def test_a_profile_is_made_once_and_then_changed_by_its_id(account):
    made = account.post("/profile-import", profile_body(email="ana@shop.test"))
    public_id = made.json()["data"]["id"]
    changed = account.post("/profile-import", profile_body(public_id, email="new@shop.test"))
    assert (made.status_code, changed.status_code, changed.json()["data"]["id"]) == (201, 200, public_id)
    assert SandboxProfile.objects.get().email == "new@shop.test"


def test_an_email_of_another_profile_is_a_conflict_that_names_it(account):
    taken, mine = (
        account.post("/profile-import", profile_body(email=f"{name}@shop.test")).json()["data"]["id"]
        for name in ("ana", "bo")
    )
    answer = account.post("/profile-import", profile_body(mine, email="ana@shop.test"))
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["meta"]) == (
        409,
        "duplicate_profile",
        {"duplicate_profile_id": taken},
    )
