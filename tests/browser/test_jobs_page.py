"""Staff run a job and follow it, and move a test customer's clock, in a browser."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django_q.models import OrmQ
from playwright.sync_api import Page, expect

from subscriptions import calendar
from subscriptions.jobs import clock, runs
from subscriptions.models import Customer, JobRun, Merchant
from tests import factories as f


@pytest.fixture
def staff(portal: str, merchant: Merchant) -> dict[str, str]:
    """The cookie of an owner."""
    client = Client()
    client.force_login(f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}


@pytest.fixture
def customer(merchant: Merchant) -> Customer:
    """A test customer whose order is due in five days."""
    made: Customer = f.CustomerFactory(merchant=merchant, is_test=True)
    day = calendar.today(merchant.time_zone) + timedelta(days=5)
    f.subscription_with_order(customer=made, place_date=day)
    return made


def test_a_run_begun_by_hand_is_followed_without_a_reload(
    page: Page, portal: str, staff: dict[str, str], customer: Customer
) -> None:
    page.context.add_cookies([staff])
    page.goto(f"{portal}/admin/jobs/")
    page.evaluate("window.neverReloaded = true")
    page.get_by_role("link", name="Run now: Order reminders").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Right now that is 1 customer.")
    assert not JobRun.objects.exists()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="Run now: Order reminders")).to_be_focused()
    assert page.evaluate("window.neverReloaded")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Run now").click()

    expect(page.get_by_text("Order reminders: the run starts now.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0")
    page.evaluate("window.neverReloaded = true")
    runs.continue_run(JobRun.objects.get().pk)
    expect(page.get_by_text("1 customer checked, 1 reminder.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    assert page.evaluate("window.neverReloaded")


def test_a_run_is_begun_without_scripts(
    visit: Callable[..., Page], portal: str, staff: dict[str, str], customer: Customer
) -> None:
    page = visit(java_script_enabled=False)
    page.context.add_cookies([staff])
    page.goto(f"{portal}/admin/jobs/")
    page.get_by_role("link", name="Run now: Order reminders").click()
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("Waiting to start")).to_be_visible()
    runs.continue_run(JobRun.objects.get().pk)
    page.reload()
    expect(page.get_by_text("1 customer checked, 1 reminder.")).to_be_visible()


def test_the_clock_is_moved_and_followed(page: Page, portal: str, staff: dict[str, str], customer: Customer) -> None:
    page.context.add_cookies([staff])
    page.goto(f"{portal}/admin/subscriptions/customer/{customer.pk}/change/")
    page.get_by_role("link", name="Move forward").click()
    page.get_by_label("A week").check()
    page.get_by_role("button", name="Move forward").click()
    expect(page.get_by_role("progressbar", name="Progress of the clock")).to_have_attribute("aria-valuenow", "0")
    assert Customer.objects.get(pk=customer.pk).clock is None

    clock.move_step(*OrmQ.objects.get().task["args"])
    happened = page.locator("[data-happened]")
    expect(happened).to_contain_text("Order Success × 1")
    expect(happened).to_contain_text("for placement, try 1.")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.get_by_text("This customer's own time")).to_be_visible()
