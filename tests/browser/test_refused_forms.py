"""A refused form leads to what is wrong with it."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from subscriptions.models import Merchant
from tests import factories as f


@pytest.fixture
def form(page: Page, portal: str, merchant: Merchant) -> Iterator[Page]:
    """The page of the merchant, as an owner sees it."""
    client = Client()
    client.force_login(f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    page.set_viewport_size({"width": 1280, "height": 600})
    page.goto(f"{portal}/admin/subscriptions/merchant/{merchant.pk}/change/")
    yield page


def test_the_first_error_has_the_focus_and_the_others_are_a_click_away(form: Page) -> None:
    form.get_by_label("Reminder lead time").fill("2")
    form.get_by_label("Payment retries").select_option("manual")
    form.locator("#submit-row button[name=_save]").click()
    first, second = form.get_by_label("Reminder lead time"), form.locator("[name^=retry_days]").first
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    said = "Days between reminder and order.* Ensure this value is greater than or equal to 5."
    expect(first).to_have_accessible_description(re.compile(said))
    errors = form.get_by_role("alert")
    expect(errors.get_by_role("link")).to_have_text(["Reminder lead time", "Retry days"])
    errors.get_by_role("link", name="Retry days").press("Enter")
    expect(second).to_be_focused()
    expect(second).to_be_in_viewport()
