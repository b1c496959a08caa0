"""Bulk create events: a thousand events of many profiles in one request and a few statements."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import SandboxEvent, SandboxFault, SandboxProfile
from tests.integrations.sandbox.account import Account, bulk_body, event_body

pytestmark = pytest.mark.django_db
PATH = "/event-bulk-create-jobs"
DATA = "/data/attributes/events-bulk-create/data"


def stored() -> list[tuple[str, str, str]]:
    rows = SandboxEvent.objects.order_by("pk").values_list("profile__email", "metric", "unique_id")
    return [(email.partition("@")[0], metric, unique_id) for email, metric, unique_id in rows]


def send(account: Account, *events: tuple[str, str, str]) -> Any:
    return account.post(
        PATH, bulk_body(*(event_body(metric, f"{name}@shop.test", unique_id=uid) for name, metric, uid in events))
    )


def test_events_of_many_profiles_are_kept_in_their_order_and_doubles_dropped(account):
    first = [("ana", "cancel", "u1"), ("bo", "cancel", "u1"), ("ana", "cancel", "u1"), ("Ana", "skip", "u2")]
    answer = send(account, *first)
    assert (answer.status_code, answer.content) == (202, b"")
    assert send(account, ("bo", "cancel", "u1"), ("bo", "cancel", "u3")).status_code == 202
    assert stored() == [
        ("ana", "cancel", "u1"),
        ("bo", "cancel", "u1"),
        ("ana", "skip", "u2"),
        ("bo", "cancel", "u3"),
    ]
    assert SandboxProfile.objects.count() == 2


def test_a_profile_is_as_its_last_event_leaves_it(account):
    profiles = [{"email": "ana@shop.test", "first_name": "A", "properties": {"x": 1, "y": 1}}]
    profiles += [{"email": "ana@shop.test", "last_name": "Ruiz", "properties": {"x": 2}}]
    for number in (1, 2):
        account.post(PATH, bulk_body(*(event_body(unique_id=f"{number}", profile=profile) for profile in profiles)))
    row = SandboxProfile.objects.get()
    assert (row.first_name, row.last_name, row.properties) == ("A", "Ruiz", {"x": 2, "y": 1})


def test_an_event_alone_and_in_bulk_are_the_same_event(account):
    account.post("/events", event_body())
    account.post(PATH, bulk_body(event_body()))
    assert SandboxEvent.objects.count() == 1


def test_events_of_a_profile_that_does_not_exist_are_dropped(account):
    unknown = event_body(profile={})
    unknown["data"]["attributes"]["profile"]["data"]["id"] = "0" * 32
    assert account.post(PATH, bulk_body(unknown, event_body())).status_code == 202
    assert stored() == [("ana", "ordergroove.order.cancel", "u1")]


def test_one_bad_event_refuses_all_with_a_pointer_and_stores_nothing(account):
    body = bulk_body(*(event_body(unique_id=str(number)) for number in range(3)))
    entries = body["data"]["attributes"]["events-bulk-create"]["data"]
    entries[1]["attributes"]["profile"]["data"]["attributes"]["email"] = "nobody"
    del entries[2]["attributes"]["events"]["data"][0]["attributes"]["metric"]
    answer = account.post(PATH, body)
    assert (answer.status_code, [error["source"]["pointer"] for error in answer.json()["errors"]]) == (
        400,
        [
            f"{DATA}/1/attributes/profile/data/attributes/email",
            f"{DATA}/2/attributes/events/data/0/attributes/metric",
        ],
    )
    assert not SandboxEvent.objects.exists() and not SandboxProfile.objects.exists()


def test_more_than_a_thousand_events_are_refused(account):
    of_many, of_one = bulk_body(*[event_body()] * 1001), bulk_body(event_body())
    of_one["data"]["attributes"]["events-bulk-create"]["data"][0]["attributes"]["events"]["data"] *= 1001
    for body in (of_many, of_one):
        answer = account.post(PATH, body)
        assert (answer.status_code, answer.json()["errors"][0]["source"]["pointer"]) == (400, DATA)


def test_a_body_above_five_megabytes_is_refused(account):
    body = bulk_body(event_body(properties={"text": "x" * 5_000_000}))
    answer = account.post(PATH, body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")


@pytest.mark.parametrize("repeated", ["stored", "twice"])
def test_a_repeated_event_is_refused_where_a_fault_says_so(account, repeated):
    SandboxFault.objects.create(merchant=account.merchant, outcome=SandboxFault.Outcome.REPEATS)
    if repeated == "stored":
        account.post("/events", event_body())
    events = [event_body(unique_id="new"), event_body(), event_body()]
    answer = account.post(PATH, bulk_body(*events))
    place = 1 if repeated == "stored" else 2
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["source"]["pointer"]) == (
        409,
        f"{DATA}/{place}/attributes/events/data/0/attributes/unique_id",
    )
    assert SandboxEvent.objects.count() == (repeated == "stored")


@pytest.mark.parametrize(("known", "statements"), [(False, 8), (True, 5)])
def test_a_thousand_events_take_a_few_statements(account, known, statements):
    events = [event_body("cancel", f"c{number}@shop.test", unique_id=str(number)) for number in range(1000)]
    account.post(PATH, bulk_body(event_body("cancel", "c0@shop.test")))
    if known:
        account.post(PATH, bulk_body(*events))
    with CaptureQueriesContext(connection) as seen:
        assert account.post(PATH, bulk_body(*events)).status_code == 202
    asked = [query["sql"] for query in seen if "SAVEPOINT" not in query["sql"]]
    assert SandboxEvent.objects.count() == 1001
    assert len(asked) == statements, [sql[:80] for sql in asked]
