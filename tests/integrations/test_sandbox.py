"""The sandbox seen from outside, over HTTP."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from integrations.models import Connection, SandboxEvent, SandboxProfile
from integrations.sandbox import private_keys
from tests.factories import MerchantFactory
from tests.integrations.events import sandbox_connection

pytestmark = pytest.mark.django_db
API = "/sandbox/klaviyo/api"
JSON = "application/vnd.api+json"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Account:
    """A merchant's own account at the sandbox, used with its key."""

    def __init__(self, **fields: Any) -> None:
        self.merchant = MerchantFactory(**fields)
        self.connection = sandbox_connection(self.merchant)
        self.http = Client(enforce_csrf_checks=True)
        self.headers = {
            "authorization": f"Klaviyo-API-Key {self.connection.secret}",
            "revision": "2026-07-15",
        }

    def post(self, path: str, body: Any, content_type: str = JSON) -> Any:
        return self.http.post(API + path, body, content_type=content_type, headers=self.headers)

    def get(self, path: str, **query: str) -> Any:
        query = {name.replace("page_", "page[") + "]" if "page_" in name else name: v for name, v in query.items()}
        return self.http.get(API + path, query, headers=self.headers)


@pytest.fixture
def account() -> Account:
    return Account()


def event(metric: str = "ordergroove.order.cancel", email: str = "ana@shop.test", **attributes: Any) -> dict:
    profile = attributes.pop("profile", {"email": email})
    name = {"name": metric}
    return {
        "data": {
            "type": "event",
            "attributes": {
                "properties": {"id": "9f1c", "quantity": 2},
                "time": "2026-11-20T12:00:00.000Z",
                "unique_id": "u1",
                "metric": {"data": {"type": "metric", "attributes": name}},
                "profile": {"data": {"type": "profile", "attributes": profile}},
                **attributes,
            },
        }
    }


def test_an_accepted_event_is_kept_with_its_profile(account):
    profile = {
        "email": "Ana@Shop.test",
        "phone_number": "+15013299800",
        "first_name": "Ana",
        "properties": {"Ordergroove Subscriber Status": "active"},
    }
    answer = account.post("/events", event(profile=profile))
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
        assert account.post("/events", event(properties=properties)).status_code == 202
    assert SandboxEvent.objects.get().properties == {"n": 1}


def test_a_unique_id_counts_per_profile_and_metric(account):
    for body in (event(), event(email="bo@shop.test"), event(metric="another")):
        account.post("/events", body)
    assert SandboxEvent.objects.count() == 3


def test_without_a_unique_id_one_event_per_second_is_kept(account):
    for second in ("12:00:00Z", "12:00:00.500Z", "12:00:01Z"):
        body = event(time=f"2026-11-20T{second}")
        del body["data"]["attributes"]["unique_id"]
        account.post("/events", body)
    assert SandboxEvent.objects.count() == 2


def test_a_profile_keeps_what_a_later_event_does_not_mention_and_null_clears(account):
    account.post("/events", event(profile={"email": "a@shop.test", "first_name": "Ana", "properties": {"x": 1}}))
    account.post(
        "/events",
        event(unique_id="u2", profile={"email": "a@shop.test", "last_name": "Ruiz", "properties": {"y": 2}}),
    )
    account.post("/profile-import", profile_body(email="a@shop.test", first_name=None))
    profile = SandboxProfile.objects.get()
    assert (profile.first_name, profile.last_name, profile.properties) == ("", "Ruiz", {"x": 1, "y": 2})


def test_a_phone_number_alone_names_a_profile(account):
    for unique_id in ("u1", "u2"):
        account.post("/events", event(unique_id=unique_id, profile={"phone_number": "+15013299800"}))
    assert SandboxProfile.objects.get().events.count() == 2


def test_the_value_is_shown_among_the_properties(account):
    account.post("/events", event(value=25.5, value_currency="USD"))
    [found] = account.get("/events").json()["data"]
    assert found["attributes"]["event_properties"] == {
        "id": "9f1c",
        "quantity": 2,
        "$value": 25.5,
        "$currency_code": "USD",
        "$event_id": "u1",
    }


def profile_of(body: dict) -> dict:
    return body["data"]["attributes"]["profile"]["data"]["attributes"]


BAD = [
    ("/data", lambda body: body.clear()),
    ("/extra", lambda body: body.update(extra=1)),
    ("/data/type", lambda body: body["data"].update(type="events")),
    ("/data/attributes/surprise", lambda body: body["data"]["attributes"].update(surprise=1)),
    ("/data/attributes/properties", lambda body: body["data"]["attributes"].pop("properties")),
    ("/data/attributes/properties", lambda body: body["data"]["attributes"].update(properties=[])),
    ("/data/attributes/time", lambda body: body["data"]["attributes"].update(time="2026-11-20T12:00:00")),
    ("/data/attributes/time", lambda body: body["data"]["attributes"].update(time=1700000000)),
    ("/data/attributes/time", lambda body: body["data"]["attributes"].update(time="2026-13-20T12:00:00Z")),
    ("/data/attributes/value", lambda body: body["data"]["attributes"].update(value="12.50")),
    ("/data/attributes/value", lambda body: body["data"]["attributes"].update(value=True)),
    ("/data/attributes/value_currency", lambda body: body["data"]["attributes"].update(value_currency="usd")),
    ("/data/attributes/unique_id", lambda body: body["data"]["attributes"].update(unique_id="")),
    ("/data/attributes/backfill", lambda body: body["data"]["attributes"].update(backfill="yes")),
    (
        "/data/attributes/metric/data/attributes/name",
        lambda body: body["data"]["attributes"]["metric"]["data"]["attributes"].clear(),
    ),
    (
        "/data/attributes/metric/data/attributes/name",
        lambda body: body["data"]["attributes"]["metric"]["data"]["attributes"].update(name="x" * 128),
    ),
    ("/data/attributes/profile/data/attributes", lambda body: profile_of(body).clear()),
    ("/data/attributes/profile/data/attributes", lambda body: profile_of(body).update(email=None)),
    ("/data/attributes/profile/data/attributes/email", lambda body: profile_of(body).update(email="nobody")),
    (
        "/data/attributes/profile/data/attributes/phone_number",
        lambda body: profile_of(body).update(phone_number="5013299800"),
    ),
    (
        "/data/attributes/profile/data/attributes/loyalty",
        lambda body: profile_of(body).update(loyalty="gold"),
    ),
]


@pytest.mark.parametrize(("pointer", "spoil"), BAD)
def test_a_bad_body_is_refused_with_a_pointer_to_the_fault_and_leaves_nothing(account, pointer, spoil):
    body = event()
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
def test_a_body_that_is_no_json_object_is_refused(account, text):
    assert account.post("/events", text.encode("latin-1")).status_code == 400


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
@pytest.mark.parametrize("field", ["properties", "unique_id", "first_name"])
def test_text_the_database_cannot_hold_is_refused(account, text, field):
    body = event()
    place = profile_of(body) if field == "first_name" else body["data"]["attributes"]
    place[field] = {"note": text} if field == "properties" else text
    assert account.post("/events", body).status_code == 400
    assert not SandboxProfile.objects.exists()


def test_another_content_type_is_refused(account):
    assert account.post("/events", event(), content_type="application/json").status_code == 415


def test_every_request_needs_the_revision(account):
    del account.headers["revision"]
    for answer in (account.post("/events", event()), account.get("/events")):
        assert (answer.status_code, "revision" in answer.json()["errors"][0]["detail"]) == (400, True)
    account.headers["revision"] = "2019-01-01"
    assert account.get("/events").status_code == 400


@pytest.mark.parametrize("scheme", ["Bearer ", "", "klaviyo-api-key "])
def test_a_key_without_its_scheme_is_refused(account, scheme):
    account.headers["authorization"] = scheme + account.connection.secret
    assert account.get("/events").json()["errors"][0]["code"] == "not_authenticated"


@pytest.mark.parametrize("path", ["/events", "/profile-import"])
def test_a_wrong_key_opens_nothing(account, path):
    for key in (
        "",
        "pk_123",
        private_keys.make(account.merchant),
        account.connection.secret + "0",
        "sandbox_\u0660_x",
    ):
        account.headers["authorization"] = f"Klaviyo-API-Key {key}"
        answer = account.post(path, event())
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "authentication_failed")


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": ""},
        {"base_url": "https://a.klaviyo.com"},
        {"integration": Connection.Integration.ATTENTIVE},
    ],
)
def test_only_the_key_of_a_klaviyo_connection_to_the_sandbox_opens_it(account, change):
    Connection.objects.filter(pk=account.connection.pk).update(**change)
    assert account.get("/events").status_code == 401


def test_the_key_of_a_merchant_that_is_no_test_merchant_opens_nothing():
    assert Account(is_test=False).get("/events").status_code == 401


def test_an_account_sees_and_touches_nothing_of_another(account):
    other = Account()
    other.post("/events", event())
    [theirs] = other.get("/events").json()["data"]
    profile_id = theirs["relationships"]["profile"]["data"]["id"]
    metric_id = theirs["relationships"]["metric"]["data"]["id"]
    for path in ("/events", "/metrics", "/profiles"):
        assert account.get(path).json()["data"] == []
    for path in (f"/events/{theirs['id']}", f"/metrics/{metric_id}", f"/profiles/{profile_id}"):
        assert (other.get(path).status_code, account.get(path).status_code) == (200, 404)
    answer = account.post("/profile-import", profile_body(profile_id, first_name="Mallory"))
    assert (answer.status_code, SandboxProfile.objects.get().first_name) == (404, "")


def ids(answer: Any) -> list[str]:
    return [row["attributes"]["event_properties"]["$event_id"] for row in answer.json()["data"]]


@pytest.fixture
def three(account) -> Account:
    """Events u0, u1, u2, an hour apart, of two metrics and two profiles."""
    for number, (metric, name) in enumerate([("first", "ana"), ("second", "ana"), ("first", "bo")]):
        at = (NOON + timedelta(hours=number)).isoformat()
        body = event(metric, f"{name}@shop.test", time=at, unique_id=f"u{number}")
        with time_machine.travel(NOON + timedelta(hours=number)):
            account.post("/events", body)
    return account


def test_events_are_listed_newest_first_or_as_asked(three):
    assert ids(three.get("/events")) == ["u2", "u1", "u0"]
    assert ids(three.get("/events", sort="datetime")) == ["u0", "u1", "u2"]
    assert three.get("/events", sort="name").json()["errors"][0]["source"] == {"parameter": "sort"}


def test_events_are_found_by_metric_profile_and_time(three):
    metrics = {row["attributes"]["name"]: row["id"] for row in three.get("/metrics").json()["data"]}
    ana = SandboxProfile.objects.get(email="ana@shop.test").public_id.hex
    one = "2026-11-20T13:00:00Z"
    stamp = int((NOON + timedelta(hours=1)).timestamp())
    found = {
        text: ids(three.get("/events", filter=text))
        for text in (
            f'equals(metric_id,"{metrics["first"]}")',
            f"equals(profile_id,'{ana}')",
            f"greater-than(datetime,{one})",
            f"greater-or-equal(datetime,{one})",
            f"less-than(timestamp,{stamp})",
            f"less-or-equal(timestamp,{stamp})",
            f'equals(profile_id,"{ana}"),equals(metric_id,"{metrics["first"]}")',
            'equals(metric_id,"AAAAAAAA")',
        )
    }
    assert list(found.values()) == [
        ["u2", "u0"],
        ["u1", "u0"],
        ["u2"],
        ["u2", "u1"],
        ["u0"],
        ["u1", "u0"],
        ["u0"],
        [],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "metric_id=x",
        "equals(name,'x')",
        "contains(metric_id,'x')",
        "equals(datetime,2026-11-20T13:00:00Z)",
        "greater-than(datetime,yesterday)",
        "greater-than(datetime,2026-11-20T13:00:00)",
        "greater-than(timestamp,99999999999999999999)",
        "equals(profile_id,'x')",
        "equals(metric_id,'\0')",
        "equals(metric_id,'x'),",
        "equals(metric_id,'x')equals(metric_id,'x')",
    ],
)
def test_a_filter_klaviyo_does_not_know_is_refused(account, text):
    answer = account.get("/events", filter=text)
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (400, {"parameter": "filter"})


def test_pages_follow_each_other_and_the_filter_stays(three):
    seen, url = (
        [],
        f"http://testserver{API}/events?page[size]=1&filter=less-than(datetime,2026-11-20T14:00:00Z)",
    )
    while url:
        page = three.http.get(url, headers=three.headers).json()
        seen += [row["attributes"]["event_properties"]["$event_id"] for row in page["data"]]
        url = page["links"]["next"]
    assert seen == ["u1", "u0"]


def test_pages_lose_and_repeat_nothing_at_equal_times(account):
    for number in range(5):
        account.post("/events", event(unique_id=f"u{number}"))
    first = account.get("/events", page_size="2")
    second = account.http.get(first.json()["links"]["next"], headers=account.headers)
    assert ids(first) + ids(second) == ["u4", "u3", "u2", "u1"]


@pytest.mark.parametrize("query", [{"page_size": "0"}, {"page_size": "1001"}, {"page_size": "x"}, {"page_cursor": "x"}])
def test_a_page_that_cannot_be_is_refused(account, query):
    assert account.get("/events", **query).status_code == 400


def test_metric_and_profile_come_along_when_asked_for_once_each(three):
    page = three.get("/events", include="metric,profile").json()
    included = {(row["type"], row["id"]) for row in page["included"]}
    wanted = {
        (row["relationships"][kind]["data"]["type"], row["relationships"][kind]["data"]["id"])
        for row in page["data"]
        for kind in ("metric", "profile")
    }
    assert (included, len(page["included"])) == (wanted, 4)
    assert "included" not in three.get("/events").json()
    assert three.get("/events", include="campaign").status_code == 400


def test_a_metric_has_the_same_id_for_ever_and_another_at_another_merchant(account):
    other = Account()
    for each in (account, account, other):
        each.post("/events", event(unique_id=str(SandboxEvent.objects.count())))
    [mine], [theirs] = (each.get("/metrics").json()["data"] for each in (account, other))
    assert mine["attributes"]["name"] == "ordergroove.order.cancel"
    assert mine["id"] != theirs["id"]
    assert account.get(f"/metrics/{mine['id']}").json()["data"] == mine


def test_profiles_are_listed_newest_first_and_found_by_email(three):
    emails = [row["attributes"]["email"] for row in three.get("/profiles").json()["data"]]
    assert emails == ["bo@shop.test", "ana@shop.test"]
    [ana] = three.get("/profiles", filter='equals(email,"Ana@shop.test")').json()["data"]
    assert ana["attributes"]["email"] == "ana@shop.test"
    assert three.get(f"/profiles/{ana['id']}").json()["data"] == ana


def profile_body(public_id: str | None = None, **attributes: Any) -> dict:
    data = {"type": "profile", "attributes": attributes}
    return {"data": data | ({"id": public_id} if public_id else {})}


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


def test_the_account_is_the_merchants(account):
    [found] = account.get("/accounts").json()["data"]
    assert found["attributes"]["contact_information"]["organization_name"] == account.merchant.name
    assert found["attributes"]["test_account"] is True


def test_what_klaviyo_does_not_offer_is_not_found_or_not_allowed(account):
    answers = [account.get("/campaigns"), account.post("/campaigns", {}), account.post("/metrics", {})]
    assert [answer.status_code for answer in answers] == [404, 404, 405]
    assert account.get("/events/").status_code == 200


def test_the_same_event_changes_nothing_the_second_time(account):
    account.post("/events", event())
    before = copy.copy(SandboxProfile.objects.values().get())
    account.post("/events", event())
    assert SandboxProfile.objects.values().get() == before
