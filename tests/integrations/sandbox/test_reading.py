"""The sandbox's lists: order, filters, pages and included rows."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.models import SandboxEvent, SandboxProfile
from tests.integrations.sandbox.account import API, NOON, Account, event_body

pytestmark = pytest.mark.django_db


def event_ids(answer: Any) -> list[str]:
    return [row["attributes"]["event_properties"]["$event_id"] for row in answer.json()["data"]]


def test_events_are_listed_newest_first_or_as_asked(three):
    assert event_ids(three.get("/events")) == ["u2", "u1", "u0"]
    assert event_ids(three.get("/events", sort="datetime")) == ["u0", "u1", "u2"]
    assert three.get("/events", sort="name").json()["errors"][0]["source"] == {"parameter": "sort"}


def test_events_are_found_by_metric_profile_and_time(three):
    metrics = {row["attributes"]["name"]: row["id"] for row in three.get("/metrics").json()["data"]}
    ana = SandboxProfile.objects.get(email="ana@shop.test").public_id.hex
    one = "2026-11-20T13:00:00Z"
    stamp = int((NOON + timedelta(hours=1)).timestamp())
    found = {
        text: event_ids(three.get("/events", filter=text))
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
        account.post("/events", event_body(unique_id=f"u{number}"))
    first = account.get("/events", page_size="2")
    second = account.http.get(first.json()["links"]["next"], headers=account.headers)
    assert event_ids(first) + event_ids(second) == ["u4", "u3", "u2", "u1"]


@pytest.mark.parametrize("query", [{"page_size": "0"}, {"page_size": "1001"}, {"page_size": "x"}, {"page_cursor": "x"}])
def test_an_impossible_page_is_refused(account, query):
    assert account.get("/events", **query).status_code == 400


def test_metric_and_profile_are_included_once_each_on_request(three):
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


def test_a_metric_keeps_its_id_and_has_another_at_another_merchant(account):
    other = Account()
    for each in (account, account, other):
        each.post("/events", event_body(unique_id=str(SandboxEvent.objects.count())))
    [mine], [theirs] = (each.get("/metrics").json()["data"] for each in (account, other))
    assert mine["attributes"]["name"] == "ordergroove.order.cancel"
    assert mine["id"] != theirs["id"]
    assert account.get(f"/metrics/{mine['id']}").json()["data"] == mine


def test_the_account_is_the_merchants(account):
    [found] = account.get("/accounts").json()["data"]
    assert found["attributes"]["contact_information"]["organization_name"] == account.merchant.name
    assert found["attributes"]["test_account"] is True


def test_what_klaviyo_does_not_offer_is_not_found_or_not_allowed(account):
    answers = [account.get("/campaigns"), account.post("/campaigns", {}), account.post("/metrics", {})]
    assert [answer.status_code for answer in answers] == [404, 404, 405]
    assert account.get("/events/").status_code == 200
