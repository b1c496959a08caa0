"""From Home, three clicks send all failures of one cause again, and the page follows them."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from integrations import replays
from integrations.models import Delivery, Replay
from subscriptions.models import Merchant
from tests import factories as f
from tests.integrations.deliveries import make_delivery


@pytest.fixture
def staff(portal: str, merchant: Merchant) -> dict[str, str]:
    """The cookie of a member of the support."""
    client = Client()
    user = f.MembershipFactory(merchant=merchant, role="support").user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}


def test_three_clicks_from_home_send_all_of_one_cause_again(
    page: Page, portal: str, staff: dict[str, str], merchant: Merchant
) -> None:
    connection = f.ConnectionFactory(merchant=merchant)
    for error in ("Invalid email. [1]", "Invalid email. [2]", "Never."):
        make_delivery(connection, state="dead", error=error)
    page.context.add_cookies([staff])
    page.goto(f"{portal}/admin/")
    page.get_by_role("link", name="3 failed").click()
    page.get_by_role("link", name="Send again: Invalid email.…").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()

    expect(page.get_by_text("The deliveries are queued to be sent again.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0")
    page.evaluate("window.neverReloaded = true")
    replays.continue_replay(Replay.objects.get().pk)
    expect(page.get_by_text("2 of 2 deliveries queued again.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    assert page.evaluate("window.neverReloaded")
    states = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["pending", "pending", "dead"]
