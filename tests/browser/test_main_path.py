"""The main path through the whole portal with real workers: cancelled by staff, back with one click."""

import json
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests import migrated
from tests.portal import Portal, wait_until

pytestmark = pytest.mark.slow
CANCEL = "ordergroove.subscription.cancel"
USED = "This link was previously used. Your subscription was not reactivated."
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    portal = Portal(tmp_path_factory.mktemp("road"))
    migrated.copy_server(portal.home)
    with portal.running(sys.executable, "manage.py", "run"):
        yield portal


@pytest.fixture(scope="module")
def demo(running: Portal) -> Facts:
    """The facts `demo_json` prints about the running demo."""
    printed = subprocess.run(
        [sys.executable, "manage.py", "demo_json"],
        cwd=settings.BASE_DIR,
        env=running.environment,
        capture_output=True,
        check=True,
    )
    facts: Facts = json.loads(printed.stdout)
    return facts


def ask(url: str, method: str = "GET", body: Facts | None = None, **headers: str) -> Facts:
    request = urllib.request.Request(
        url, method=method, headers=headers, data=json.dumps(body).encode() if body is not None else None
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: Facts = json.loads(answer.read())
    return found


def api(demo: Facts, path: str, method: str = "GET", body: Facts | None = None) -> Facts:
    headers = {"x-api-key": demo["api_key"], "Content-Type": "application/json"}
    return ask(f"{demo['base_url']}/api/{path}", method, body, **headers)


def received_events(demo: Facts, subscription: str) -> list[Facts]:
    """The properties of the sandbox's cancel events of `subscription`, newest first."""
    headers = {"Authorization": f"Klaviyo-API-Key {demo['sandbox']['klaviyo_key']}", "revision": "2026-07-15"}
    page = ask(f"{demo['sandbox']['klaviyo_url']}/api/events?include=metric&page[size]=100", **headers)
    metrics = {row["id"]: row["attributes"]["name"] for row in page["included"]}
    return [
        event["attributes"]["event_properties"]
        for event in page["data"]
        if metrics[event["relationships"]["metric"]["data"]["id"]] == CANCEL
        and event["attributes"]["event_properties"]["id"] == subscription
    ]


def customer_page(page: Page, demo: Facts, merchant_user_id: str) -> None:
    """Log in if needed, and open the page of a customer found by the search."""
    page.goto(demo["admin"]["url"])
    if page.get_by_label("Password").is_visible():
        page.get_by_label("Username").fill(demo["admin"]["username"])
        page.get_by_label("Password").fill(demo["admin"]["password"])
        page.get_by_role("button", name="Log in").click()
    page.goto(f"{demo['admin']['url']}subscriptions/customer/?q={urllib.parse.quote(merchant_user_id)}")
    page.locator("#result_list a[href*='/subscriptions/customer/']").first.click()


def test_a_customer_cancelled_by_staff_comes_back_with_one_click(
    running: Portal, demo: Facts, visit: Callable[..., Page]
) -> None:
    staff = visit(viewport={"width": 1280, "height": 900})
    subscription = demo["sample"]["active_subscription"]
    customer_page(staff, demo, demo["sample"]["customer"])
    card = staff.locator(f"[data-subscription='{subscription}']")
    card.get_by_text("Cancel subscription").click()
    staff.locator("[name=reason]").select_option("4")
    staff.locator("[name=text]").fill("too much")
    staff.get_by_role("button", name="Cancel subscription").click()
    expect(card.get_by_text("Cancelled").first).to_be_visible()

    wait_until(lambda: bool(received_events(demo, subscription)), seconds=30)
    token = received_events(demo, subscription)[0]["action_token"]

    shopper = visit(viewport={"width": 390, "height": 844})
    link = f"{demo['landing_url']}#og_quick_action=reactivate#og_quick_action_token={token}"
    shopper.goto(link)
    banner = shopper.locator(".alert-container--success")
    expect(banner).to_contain_text("is active again. Your next order is planned for")
    assert "og_quick_action" not in shopper.url and token not in shopper.url
    assert api(demo, f"subscriptions/{subscription}/")["live"] is True

    shopper.wait_for_timeout(3500)
    shopper.goto("about:blank")
    shopper.goto(link)
    expect(shopper.locator(".alert-container--error")).to_contain_text(USED)

    customer_page(staff, demo, demo["sample"]["customer"])
    expect(staff.get_by_text("Reactivated the subscription to").first).to_be_visible()
    staff.get_by_text("1-Click tokens", exact=True).click()
    expect(staff.get_by_text("Reactivate: Success").first).to_be_visible()
    expect(staff.get_by_text("Reactivate: The link had already been used").first).to_be_visible()


def test_events_committed_before_the_workers_were_killed_are_delivered_by_new_workers(
    running: Portal, demo: Facts
) -> None:
    subscription = demo["sample"]["cancelled_subscription"]
    again = {"every": 1, "every_period": 3, "start_date": "2026-01-01"}
    api(demo, f"subscriptions/{subscription}/reactivate/", "PATCH", again)

    clusters = running.processes("qcluster")
    for process in clusters:
        process.suspend()
    reason = "4|too much"
    api(demo, f"subscriptions/{subscription}/cancel/", "PATCH", {"cancel_reason": reason})

    def times() -> int:
        return [event["cancel_reason"] for event in received_events(demo, subscription)].count(reason)

    assert times() == 0
    for process in clusters:
        process.kill()

    wait_until(lambda: times() > 0, seconds=100)
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in clusters)
    assert times() == 1
