"""The customer page as a support agent uses it: she may skip but not cancel, and every act is two clicks away.

One window and one portal for all; the last test takes the switch back.
"""

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from subscriptions.models import Activity, Customer, Merchant, Order, RoleSwitch, Subscription
from tests import factories as f
from tests.browser.axe import find_violations
from tests.browser.staff import Staff

NOTE = "Prefers a call after six. Speaks Spanish."


@pytest.fixture
def subscription(portal: str) -> Subscription:
    """Ana Ruiz's, with an upcoming order, at a merchant whose support may not cancel."""
    merchant: Merchant = f.MerchantFactory(name="Harbour Coffee")
    RoleSwitch.objects.create(merchant=merchant, role="support", right="cancel", allowed=False)
    f.CancelReasonFactory(merchant=merchant, code=4, label="Overstocked")
    made: Subscription = f.subscription_with_order(customer__merchant=merchant)
    Customer.objects.filter(pk=made.customer_id).update(phone_number="(501) 555-0177", merchant_user_id="C-1001")
    Order.objects.filter(customer=made.customer_id).update(order_merchant_id="100234")
    return made


def log_in(window: Page, portal: str, merchant: Merchant, role: str, name: str) -> None:
    client = Client()
    user = f.MembershipFactory(merchant=merchant, role=role, user__first_name=name, user__last_name="Agent").user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    window.context.clear_cookies()
    window.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])


@pytest.fixture
def staff(portal: str, window: Page, subscription: Subscription) -> Iterator[Staff]:
    """Sue, of support, at Home."""
    log_in(window, portal, subscription.merchant, "support", "Sue")
    yield Staff(window, portal)
    # The page must ask for nothing while the rows are deleted.
    window.goto("about:blank")
    window.context.clear_cookies()
    cache.clear()


def test_one_box_finds_the_customer_by_whatever_they_give(staff: Staff, subscription: Subscription) -> None:
    page = re.compile(f"/customer/{subscription.customer_id}/change/$")
    for text in (subscription.customer.email, "501 555 0177", "C-1001"):
        staff.go_home()
        staff.find(text)
        expect(staff.page).to_have_url(page)
    staff.find("#100234")
    expect(staff.page).to_have_url(re.compile(r"/order/\d+/change/$"))
    staff.find("Ana")
    staff.page.locator("#main").get_by_role("link", name=re.compile("Ana Ruiz")).first.click()
    expect(staff.page).to_have_url(page)
    staff.go_home()
    staff.click("Ana Ruiz", "link", within=staff.page.get_by_label("Customers you opened last"))
    expect(staff.page).to_have_url(page)
    assert staff.clicks == 1


def test_she_skips_and_undoes_but_is_not_offered_to_cancel(staff: Staff, subscription: Subscription) -> None:
    staff.find(subscription.customer.email)
    staff.sees("Recent Activity")
    expect(staff.page.get_by_role("link", name="Cancel subscription")).to_have_count(0)
    found = staff.clicks
    staff.press_in_dialog("Skip next order")
    staff.sees("Skipped the order of")
    assert staff.clicks - found == 2
    skipped = Activity.objects.get(verb="order.skip")
    assert skipped.actor_name == "Sue Agent"
    staff.press_in_dialog("Undo")
    staff.sees("Undid the skip of the order of")
    assert staff.clicks - found == 4
    answer = staff.page.request.get(
        f"{staff.portal}/admin/subscriptions/subscription/{subscription.pk}/cancel/",
    )
    assert answer.status == 403


def test_she_writes_changes_and_deletes_a_note(staff: Staff, subscription: Subscription) -> None:
    staff.find(subscription.customer.email)
    found = staff.clicks
    staff.press_in_dialog("Write a note", text=NOTE)
    notes, feed = staff.page.locator("#notes"), staff.page.locator("#feed-body")
    expect(notes).to_contain_text(NOTE)
    expect(notes).to_contain_text("Sue Agent")
    expect(feed).to_contain_text(NOTE)
    assert staff.clicks - found == 2
    assert find_violations(staff.page) == []
    staff.press_in_dialog("Change note", text="Prefers mail.")
    expect(notes).to_contain_text("Prefers mail.")
    expect(feed).not_to_contain_text(NOTE)
    staff.press_in_dialog("Delete note")
    expect(notes).to_contain_text("None yet.")
    assert staff.clicks - found == 6


def test_each_act_that_she_may_do_is_two_clicks_away(staff: Staff, subscription: Subscription) -> None:
    """A click opens the dialog, with its confirmation in it: nothing is behind a menu or another page."""
    staff.find(subscription.customer.email)
    opened = staff.page.locator("#main a[hx-target='#modal-content']")
    expect(opened.first).to_be_visible()
    acts = {each.get_attribute("href").split("?")[0].rstrip("/").rsplit("/", 1)[1] for each in opened.all()}
    subscriptions = {"skip", "send-now", "change-date", "swap", "change-quantity", "change-frequency", "change-price"}
    customers = {"write-note", "change-tags", "change-contact", "add-payment", "add-address", "use-for-all"}
    orders = {"change-address", "change-card", "add-product", "give-discount", "add-gift", "remove", "change-offer"}
    assert acts >= subscriptions | customers | orders
    assert "cancel" not in acts
    assert [each.get_attribute("href") for each in opened.all() if not each.is_visible()] == []


def test_what_the_owner_switches_holds_from_the_next_click_on(
    staff: Staff, subscription: Subscription, window: Page, portal: str
) -> None:
    sue = window.context.cookies()
    log_in(window, portal, subscription.merchant, "owner", "Olga")
    staff.go_home()
    staff.click("Roles", "link")
    box = staff.page.get_by_label("Support may cancel subscriptions and one-time orders")
    expect(box).not_to_be_checked()
    assert find_violations(staff.page) == []
    box.check()
    staff.click("Save")
    staff.sees("Support may now cancel subscriptions and one-time orders.")
    window.context.clear_cookies()
    window.context.add_cookies(sue)
    staff.go_home()
    staff.find(subscription.customer.email)
    staff.press_in_dialog("Cancel subscription", reason="4", text="cupboard is full")
    staff.sees("Cancelled the subscription to House blend. Reason: Overstocked (cupboard is full)")
    assert staff.clicks == 3
