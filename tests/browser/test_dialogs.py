"""Staff use the dialogs by keyboard alone."""

import pytest
from django.test import Client
from playwright.sync_api import Locator, Page, Route, expect

from subscriptions.models import Membership, Merchant, Subscription
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


def open_dialog(page: Page) -> Locator:
    """Open Cancel subscription by keyboard; gives what opened it."""
    opener = page.get_by_role("link", name="Cancel subscription")
    opener.focus()
    page.keyboard.press("Enter")
    return opener


def test_a_dialog_takes_keeps_and_returns_the_focus(page: Page, subscription: Subscription) -> None:
    opener = open_dialog(page)
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
    open_dialog(page)
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is cancelled.")).to_be_visible()
    subscription.refresh_from_db()
    assert not subscription.live


def test_after_an_act_the_focus_is_where_it_was_or_on_what_became_of_it(page: Page, subscription: Subscription) -> None:
    opener = page.get_by_role("link", name="Skip next order")
    opener.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Skip next order").press("Enter")
    expect(page.locator("[data-message]")).to_contain_text("Skipped the order")
    expect(opener).to_be_focused()
    open_dialog(page)
    page.get_by_role("dialog").get_by_role("button", name="Cancel subscription").press("Enter")
    expect(page.locator("[data-message]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Undo").first).to_be_focused()


def test_a_dialog_that_may_no_longer_be_opened_says_so(page: Page, subscription: Subscription) -> None:
    Membership.objects.filter(merchant=subscription.merchant).update(role="read_only")
    page.get_by_role("link", name="Skip next order").click()
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()


def test_a_product_chosen_while_a_search_is_under_way_stays_chosen(page: Page, subscription: Subscription) -> None:
    f.ProductFactory(merchant=subscription.merchant, name="Dark roast", autoship_enabled=True)
    searches: list[Route] = []
    page.route("**/*search=dark*", lambda route: searches.append(route))
    page.get_by_role("link", name="Swap product: House blend").click()
    with page.expect_request("**/*search=dark*"):
        page.get_by_label("Search for a product").press_sequentially("dark")
    page.get_by_role("radio", name="Dark roast").check(force=True)
    for search in searches:
        search.continue_()
    page.wait_for_load_state("networkidle")
    page.get_by_role("dialog").get_by_role("button", name="Swap product").click()
    expect(page.get_by_text("Swapped House blend for Dark roast.").first).to_be_visible()
