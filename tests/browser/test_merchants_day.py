"""A merchant's day: each task of staff takes no more clicks than it should, counted from Home.

All tests share one window; each has a merchant of its own, whose owner is logged in.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations import replays
from integrations.models import Delivery, Replay
from subscriptions import calendar
from subscriptions.actions import item as item_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.jobs.bulk_runs import continue_run
from subscriptions.models import BulkRun, Customer, Merchant, Order, Resource, Subscription
from tests import factories as f
from tests.browser.staff import Staff


@pytest.fixture
def merchant(portal: str) -> Merchant:
    merchant: Merchant = f.MerchantFactory(name="Harbour Coffee")
    return merchant


@pytest.fixture
def subscription(merchant: Merchant) -> Subscription:
    """Ana Ruiz's subscription, with an upcoming order."""
    return f.subscription_with_order(customer__merchant=merchant)


# Tasks on one subscription or order.


def find_customer(staff: Staff, subscription: Subscription) -> None:
    staff.find(subscription.customer.email)
    staff.sees("Recent Activity")


def test_the_next_order_is_skipped(staff: Staff, subscription: Subscription) -> None:
    find_customer(staff, subscription)
    staff.press_in_dialog("Skip next order")
    staff.sees("Skipped the order of")
    assert staff.clicks <= 3


def test_the_date_of_the_next_order_is_changed(staff: Staff, subscription: Subscription) -> None:
    find_customer(staff, subscription)
    day = calendar.today(subscription.merchant.time_zone) + timedelta(days=40)
    staff.press_in_dialog("Change next order date", day=day.isoformat())
    staff.sees(f"to {calendar.human_date(day)}.")
    assert staff.clicks <= 4


def test_the_frequency_is_changed(staff: Staff, subscription: Subscription) -> None:
    find_customer(staff, subscription)
    staff.press_in_dialog("Change frequency", every="3", every_period="3")
    staff.sees("“Every 3 months”")
    assert staff.clicks <= 3


def test_the_quantity_is_changed_and_the_dialog_says_what_it_comes_to(staff: Staff, subscription: Subscription) -> None:
    find_customer(staff, subscription)
    staff.click("Change quantity", "link")
    dialog = staff.page.get_by_role("dialog")
    dialog.locator("[name=quantity]").fill("4")
    expect(dialog.locator("[data-outcome]")).to_contain_text("comes to USD 50.00 instead of USD 25.00")
    staff.click("Change quantity", within=dialog)
    staff.sees("Changed the quantity of House blend from 2 to 4.")
    assert staff.clicks <= 3


def test_the_product_is_swapped(staff: Staff, subscription: Subscription) -> None:
    other = f.ProductFactory(merchant=subscription.merchant, name="Dark roast", autoship_enabled=True)
    find_customer(staff, subscription)
    staff.press_in_dialog("Swap product", search="dark", product=str(other.pk))
    staff.sees("Swapped House blend for Dark roast.")
    assert staff.clicks <= 4


def test_the_address_is_changed(staff: Staff, subscription: Subscription) -> None:
    other = f.AddressFactory(customer=subscription.customer, address="2 Side Street")
    find_customer(staff, subscription)
    staff.press_in_dialog("Change address", address=str(other.pk))
    staff.sees("Changed the shipping address of House blend to 2 Side Street, Little Rock.")
    assert staff.clicks <= 4


def test_the_card_is_changed(staff: Staff, subscription: Subscription) -> None:
    other = f.PaymentFactory(customer=subscription.customer, cc_number_ending="7777")
    find_customer(staff, subscription)
    staff.press_in_dialog("Change card", payment=str(other.pk))
    staff.sees("Changed the payment of House blend to Visa 7777.")
    assert staff.clicks <= 4


def test_the_next_order_is_sent_now(staff: Staff, subscription: Subscription) -> None:
    find_customer(staff, subscription)
    staff.press_in_dialog("Send now")
    staff.sees("Sent the order now.")
    assert staff.clicks <= 3


def test_a_subscription_is_cancelled_with_a_reason(staff: Staff, subscription: Subscription) -> None:
    f.CancelReasonFactory(merchant=subscription.merchant, code=4, label="Overstocked")
    find_customer(staff, subscription)
    staff.press_in_dialog("Cancel subscription", reason="4")
    staff.sees("Cancelled the subscription to House blend. Reason: Overstocked")
    assert staff.clicks <= 3


def test_an_added_item_is_removed(staff: Staff, subscription: Subscription) -> None:
    order = Order.objects.get(items__subscription=subscription)
    added = item_verbs.add(
        order, actor=f.STAFF, product=f.ProductFactory(merchant=order.merchant, name="Filter")
    ).result
    find_customer(staff, subscription)
    item = staff.page.locator(f"[data-item='{added.public_id.hex}']")
    staff.click("Remove", "link", within=item)
    staff.click("Remove", within=staff.page.get_by_role("dialog"))
    staff.sees("Removed 1 × Filter from the order.")
    assert staff.clicks <= 3


def test_an_offer_is_made_that_a_link_can_use(staff: Staff, merchant: Merchant) -> None:
    staff.click("Offers", "link")
    staff.click("Add offer", "link")
    staff.page.get_by_label("Name").fill("Ten off")
    staff.page.get_by_label("Amount").first.fill("10")
    staff.click("Save")
    staff.sees("10 % off the item on every order")
    assert staff.clicks <= 5
    staff.click("Make a link with it", "link")
    expect(staff.page.get_by_role("radio", name="Ten off")).to_be_checked()


def test_access_is_granted_from_the_customers_page(staff: Staff, subscription: Subscription) -> None:
    Resource.objects.create(merchant=subscription.merchant, name="Barista course", external_resource_id="R-1")
    staff.find(subscription.customer.email)
    staff.press_in_dialog("Grant access", days="30")
    staff.sees("Granted access to Barista course until")
    assert staff.clicks <= 4


# Lists and the find box


def test_a_customer_is_found_by_phone_in_two_clicks(staff: Staff, subscription: Subscription) -> None:
    Customer.objects.filter(pk=subscription.customer_id).update(phone_number="(501) 555-0177")
    staff.find("501 555 0177")
    expect(staff.page).to_have_url(re.compile(f"/customer/{subscription.customer_id}/change/"))
    assert staff.clicks <= 2


def test_an_order_is_found_by_its_number_in_two_clicks(staff: Staff, subscription: Subscription) -> None:
    order = Order.objects.get(customer=subscription.customer_id)
    Order.objects.filter(pk=order.pk).update(order_merchant_id="100234")
    staff.find("#100234")
    expect(staff.page).to_have_url(re.compile(f"/order/{order.pk}/change/"))
    assert staff.clicks <= 2


def test_customers_are_exported_in_two_clicks(staff: Staff, subscription: Subscription) -> None:
    staff.click("Customers", "link")
    with staff.page.expect_download() as download:
        staff.click("Export CSV", "link")
    assert download.value.suggested_filename.startswith("customers-")
    assert subscription.customer.email in Path(download.value.path()).read_text()
    assert staff.clicks <= 2


def test_fifty_orders_are_moved_by_a_week_in_five_clicks(staff: Staff, subscription: Subscription) -> None:
    customer, day = subscription.customer, calendar.today(subscription.merchant.time_zone) + timedelta(days=1)
    for n in range(49):
        payment = f.PaymentFactory(customer=customer)
        row = f.SubscriptionFactory(customer=customer, payment=payment, shipping_address=subscription.shipping_address)
        f.plan_item(row, day + timedelta(days=n % 3))
    before = list(Order.objects.order_by("pk").values_list("place_date", flat=True))
    staff.click("Orders", "link")
    staff.click("Upcoming", "link")
    staff.page.locator("#action-toggle").check()
    staff.clicks += 1
    staff.click("Move dates")
    staff.sees("50 of 50 orders")
    staff.click("Move dates (50)")
    staff.sees("0 of 50 rows processed.")
    assert staff.clicks <= 5
    continue_run(BulkRun.objects.get().pk)
    staff.sees("50 of 50 were changed.")
    after = list(Order.objects.order_by("pk").values_list("place_date", flat=True))
    assert after == [day + timedelta(days=7) for day in before]


def test_a_slash_leads_into_the_find_box_but_not_while_typing(staff: Staff) -> None:
    box = staff.page.get_by_label("Find a customer, order, subscription or product")
    staff.page.keyboard.press("/")
    expect(box).to_be_focused()
    staff.page.keyboard.type("a/b")
    expect(box).to_have_value("a/b")


# The customer's page


def test_why_there_was_no_reminder_is_answered_in_three_clicks(staff: Staff, subscription: Subscription) -> None:
    staff.find(subscription.customer.email)
    staff.click("Explain")
    staff.sees("Its reminder is due later: on ")
    assert staff.clicks <= 3


def test_the_feed_is_searched_followed_and_filtered_while_one_looks_at_it(
    staff: Staff, subscription: Subscription
) -> None:
    subscription_verbs.change_quantity(subscription, actor=f.STAFF, quantity=3)
    staff.find(subscription.customer.email)
    feed = staff.page.locator("#feed-body")
    feed.scroll_into_view_if_needed()
    expect(feed).to_contain_text("from 2 to 3.")
    subscription_verbs.change_quantity(subscription, actor=f.STAFF, quantity=4)
    expect(feed).to_contain_text("from 3 to 4.")
    staff.page.get_by_label("Search", exact=True).fill("from 2")
    expect(feed).not_to_contain_text("from 3 to 4.")
    expect(feed).to_contain_text("from 2 to 3.")


# Home


def test_tomorrows_orders_and_their_sum_are_seen_with_one_click(staff: Staff, merchant: Merchant) -> None:
    tomorrow = calendar.today(merchant.time_zone) + timedelta(days=1)
    for _ in range(2):
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), place_date=tomorrow)
    staff.go_home()
    staff.sees("USD 50.00")
    staff.click("Orders due tomorrow: 2", "link")
    expect(staff.page.locator("#result_list tbody tr")).to_have_count(2)
    assert staff.clicks <= 1


def test_all_failures_of_one_cause_are_sent_again_in_three_clicks(staff: Staff, merchant: Merchant) -> None:
    f.ConnectionFactory(merchant=merchant, name="Warehouse")
    for _ in range(3):
        gone = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
        subscription_verbs.cancel(gone, actor=f.STAFF)
    deliveries = Delivery.objects.filter(merchant=merchant)
    deliveries.update(state=Delivery.State.DEAD, error="HTTP 400: no such list", finished=timezone.now())
    number = deliveries.count()
    staff.go_home()
    staff.sees("HTTP 400: no such list")
    staff.press_in_dialog("Send again")
    staff.sees("The deliveries are queued to be sent again.")
    assert staff.clicks <= 3
    replays.continue_replay(Replay.objects.get().pk)
    assert deliveries.filter(state=Delivery.State.PENDING).count() == number
