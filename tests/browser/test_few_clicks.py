"""What a merchant looks for first takes few clicks from Home. An import of a file is in `test_imports`."""

import re

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from integrations.models import Connection
from oneclick.models import ActionToken, Click, MessageText, SavedLink
from subscriptions import calendar
from subscriptions.actions.subscription import cancel
from subscriptions.models import AuditEntry, Merchant, Subscription
from tests import factories as f
from tests.browser.staff import Staff
from tests.figures.folding import fold
from tests.integrations.receiver import running_receiver


@pytest.fixture
def merchant(portal: str) -> Merchant:
    merchant: Merchant = f.MerchantFactory(name="Harbour Coffee")
    return merchant


@pytest.fixture
def cancelled(merchant: Merchant) -> Subscription:
    """With a token in its event."""
    f.CancelReasonFactory(merchant=merchant, code=4, label="Overstocked")
    live = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    return cancel(live, actor=f.STAFF, reason="4").subject


def test_klaviyo_is_connected_in_five_clicks(staff: Staff, merchant: Merchant, settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_receiver() as klaviyo:
        staff.click("Connections", "link")
        staff.click("Add connection", "link")
        staff.page.get_by_role("link", name=re.compile("^Klaviyo")).click()
        staff.clicks += 1
        staff.page.locator("[name=name]").fill("Klaviyo")
        staff.page.get_by_label("Private key").fill("pk_1")
        staff.page.locator("[name=base_url]").fill(klaviyo.url)
        staff.click("Save")
        staff.sees("Klaviyo works: Bean & Co")
    assert staff.clicks <= 5 and Connection.objects.get(merchant=merchant).account == "XyZ123"


def test_a_link_is_built_in_five_clicks(staff: Staff, merchant: Merchant) -> None:
    staff.click("Links", "link")
    staff.click("Add 1-click link", "link")
    staff.page.get_by_text("Reactivate", exact=True).click()
    staff.clicks += 1
    staff.page.get_by_label("Name", exact=True).fill("Come back")
    staff.click("Save")
    staff.sees("Come back is saved and signed. Copy it from this page.")
    expect(staff.page.locator("[data-url]")).to_contain_text("{{ event.action_token }}")
    assert staff.clicks <= 5 and SavedLink.objects.get(merchant=merchant).action == "reactivate"


def test_how_a_link_performs_is_seen_in_two_clicks(cancelled: Subscription, staff: Staff, merchant: Merchant) -> None:
    link = SavedLink.objects.create(merchant=merchant, name="Come back", action="reactivate")
    token = ActionToken.objects.get(subscription=cancelled)
    Click.objects.create(
        merchant=merchant, token=token, link=link, action="reactivate", outcome="success", subscription=cancelled
    )
    staff.click("Links", "link")
    staff.click("Come back", "link")
    staff.sees("Analytics of the last 30 days")
    assert staff.clicks <= 2


def test_why_customers_leave_is_seen_in_two_clicks(cancelled: Subscription, staff: Staff, merchant: Merchant) -> None:
    fold(merchant)
    staff.click("Cancellations", "link")
    expect(staff.page.get_by_role("row", name="Overstocked").last).to_be_visible()
    assert staff.clicks <= 2


def test_the_retention_of_a_cohort_is_seen_in_three_clicks(
    cancelled: Subscription, staff: Staff, merchant: Merchant
) -> None:
    fold(merchant)
    staff.click("Retention", "link")
    month = calendar.today(merchant.time_zone)
    expect(staff.page.get_by_role("link", name=f"Started in {month:%B %Y}: 1")).to_be_visible()
    staff.click(f"{month:%b %Y}", "link")
    expect(staff.page).to_have_url(re.compile(rf"cohort={month:%Y-%m}"))
    assert staff.clicks <= 3


def test_recovered_revenue_leads_to_its_orders_in_one_click(
    cancelled: Subscription, staff: Staff, merchant: Merchant
) -> None:
    staff.page.get_by_role("link", name=re.compile("^Recovered revenue: ")).click()
    staff.clicks += 1
    expect(staff.page).to_have_url(re.compile(r"/subscriptions/order/\?recovered="))
    assert staff.clicks <= 1


def test_a_text_is_changed_in_four_clicks(staff: Staff, merchant: Merchant) -> None:
    staff.click("Messages", "link")
    staff.click("Reword Delay: Success", "link")
    staff.page.get_by_label("Text").fill("Your order comes on {date}.")
    staff.click("Save")
    staff.sees("Your order comes on")
    assert staff.clicks <= 4
    assert MessageText.objects.get(merchant=merchant).text == "Your order comes on {date}."


def test_who_was_shown_a_token_is_seen_in_three_clicks(
    cancelled: Subscription, staff: Staff, merchant: Merchant
) -> None:
    staff.page.goto(f"{staff.portal}/admin/subscriptions/subscription/{cancelled.pk}/change/")
    staff.press_in_dialog("Issue 1-Click token")
    staff.go_home()
    staff.click("Audit", "link")
    staff.click("Secret shown", "link")
    staff.sees("token")
    assert staff.clicks <= 3 and AuditEntry.objects.filter(merchant=merchant, kind="secret").count() == 1
