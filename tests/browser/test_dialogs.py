"""Staff use the dialogs by keyboard alone."""

import pytest
from django.test import Client
from playwright.sync_api import Locator, Page, expect

from subscriptions.models import Merchant, Subscription
from tests import factories as f


@pytest.fixture
def subscription(page: Page, portal: str, merchant: Merchant) -> Subscription:
    """A live subscription whose customer's page is open."""
    client = Client()
    client.force_login(f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    live = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    page.goto(f"{portal}/admin/subscriptions/customer/{live.customer_id}/change/")
    return live


def open_menu_and_dialog(page: Page) -> Locator:
    """Choose Cancel subscription in the menu of the subscription, by keyboard; gives what opened the menu."""
    opener = page.get_by_label("More: House blend")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Cancel subscription")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    return opener


def test_escape_closes_a_menu(page: Page, subscription: Subscription) -> None:
    opener = page.get_by_label("More: House blend")
    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Cancel subscription")).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_dialog_takes_keeps_and_returns_the_focus(page: Page, subscription: Subscription) -> None:
    opener = open_menu_and_dialog(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Reason")).to_be_focused()

    page.keyboard.press("Shift+Tab")
    expect(dialog.get_by_role("button", name="Cancel subscription")).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_label("Reason")).to_be_focused()

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    subscription.refresh_from_db()
    assert subscription.live


def test_a_dialog_can_be_confirmed_by_keyboard(page: Page, subscription: Subscription) -> None:
    open_menu_and_dialog(page)
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is cancelled.")).to_be_visible()
    subscription.refresh_from_db()
    assert not subscription.live
