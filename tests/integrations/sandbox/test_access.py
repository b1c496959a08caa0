"""Who may use the sandbox, and that an account sees nothing of another's."""

import pytest

from integrations.models import Connection, SandboxProfile
from integrations.sandbox import private_keys
from tests.integrations.sandbox.account import Account, event_body, profile_body

pytestmark = pytest.mark.django_db


def test_every_request_needs_the_revision(account):
    del account.headers["revision"]
    for answer in (account.post("/events", event_body()), account.get("/events")):
        assert (answer.status_code, "revision" in answer.json()["errors"][0]["detail"]) == (400, True)
    account.headers["revision"] = "2019-01-01"
    assert account.get("/events").status_code == 400


@pytest.mark.parametrize("scheme", ["Bearer ", "", "klaviyo-api-key "])
def test_a_key_without_its_scheme_is_refused(account, scheme):
    account.headers["authorization"] = scheme + account.connection.secret
    assert account.get("/events").json()["errors"][0]["code"] == "not_authenticated"


@pytest.mark.parametrize("path", ["/events", "/profile-import"])
def test_a_wrong_key_is_refused(account, path):
    for key in (
        "",
        "pk_123",
        private_keys.create_key(account.merchant),
        account.connection.secret + "0",
        "sandbox_\u0660_x",
    ):
        account.headers["authorization"] = f"Klaviyo-API-Key {key}"
        answer = account.post(path, event_body())
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "authentication_failed")


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": ""},
        {"base_url": "https://a.klaviyo.com"},
        {"integration": Connection.Integration.ATTENTIVE},
    ],
)
def test_only_the_key_of_a_klaviyo_connection_to_the_sandbox_is_accepted(account, change):
    Connection.objects.filter(pk=account.connection.pk).update(**change)
    assert account.get("/events").status_code == 401


def test_the_key_of_a_live_merchant_is_refused():
    assert Account(is_test=False).get("/events").status_code == 401


def test_an_account_sees_and_touches_nothing_of_another(account):
    other = Account()
    other.post("/events", event_body())
    [theirs] = other.get("/events").json()["data"]
    profile_id = theirs["relationships"]["profile"]["data"]["id"]
    metric_id = theirs["relationships"]["metric"]["data"]["id"]
    for path in ("/events", "/metrics", "/profiles"):
        assert account.get(path).json()["data"] == []
    for path in (f"/events/{theirs['id']}", f"/metrics/{metric_id}", f"/profiles/{profile_id}"):
        assert (other.get(path).status_code, account.get(path).status_code) == (200, 404)
    answer = account.post("/profile-import", profile_body(profile_id, first_name="Mallory"))
    assert (answer.status_code, SandboxProfile.objects.get().first_name) == (404, "")
