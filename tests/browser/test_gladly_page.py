"""An owner sets up Gladly from nothing, and sees the first lookup in the log."""

import json
import re
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.gladly.signature import SignedParts, signed_headers
from integrations.models import Connection
from tests import factories as f
from tests.browser.test_staff_pages import find_faults_of_shown

pytestmark = pytest.mark.slow
PARTS = SignedParts("POST", "", {"content-type": "application/json", "gladly-correlation-id": "first-lookup"}, b"")


def ask_as_gladly(url: str, key: str, email: str) -> Any:
    """A lookup by e-mail address, as Gladly makes it when a profile is opened."""
    body = json.dumps({"lookupLevel": "BASIC", "query": {"emails": [email]}}).encode()
    parts = SignedParts(PARTS.method, httpx.URL(url).path, PARTS.headers, body)
    headers = dict(parts.headers) | signed_headers(parts, key, timezone.now())
    return httpx.post(url, content=body, headers=headers).json()


def test_an_owner_sets_gladly_up_and_sees_the_first_lookup(page: Page, portal: str, settings: Any) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True  # the portal of this test calls itself
    customer = f.subscription_with_order(customer__email="ana@shop.test").customer
    client = Client()
    owner = f.MembershipFactory(merchant=customer.merchant, role="owner").user
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])

    page.goto(f"{portal}/admin/integrations/connection/add/")
    page.get_by_role("link", name=re.compile("^Gladly")).click()
    page.locator("#id_name").fill("Gladly")
    assert find_faults_of_shown(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Make a signing key, and enter it in Gladly.")).to_be_visible()
    page.get_by_role("link", name="Make signing key").click()
    page.get_by_role("dialog").get_by_role("button", name="Make signing key").click()
    key = page.locator("code.staff-code").inner_text()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("Gladly has never asked. Enter the address")).to_be_visible()
    assert key not in page.content()
    page.get_by_role("link", name="Test signature").click()
    page.get_by_role("dialog").get_by_role("button", name="Test signature").click()
    expect(page.get_by_text("All is as it should be.")).to_be_visible()
    assert find_faults_of_shown(page) == []
    page.get_by_role("link", name="Back").click()

    url = page.get_by_label("Copy URL").get_attribute("data-copy") or ""
    [found] = ask_as_gladly(url, key, "ana@shop.test")["results"]
    assert found["externalCustomerId"] == customer.merchant_user_id
    log = page.locator("#gladly-log")
    expect(log.get_by_text("first-lookup")).to_be_visible()  # without a reload
    expect(log.get_by_text("1 customer")).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"Last request at .* Search: 1 customer\."))).to_be_visible()
    assert find_faults_of_shown(page) == []
    assert Connection.objects.get().gladly.actions_enabled == ["cancel", "skip"]
    page.set_viewport_size({"width": 390, "height": 844})
    assert log.get_by_role("region").evaluate("region => region.scrollWidth <= region.clientWidth")
