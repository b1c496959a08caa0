"""The people of a merchant in a browser: invited, logged in with two factors, and seen in the audit."""

import re
from base64 import b32decode
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django_otp.oath import totp
from playwright.sync_api import Browser, Page, expect

from oneclick.models import ActionToken
from subscriptions.actions import subscription as verbs
from subscriptions.models import Membership, Merchant
from tests import factories as f
from tests.browser.axe import find_violations
from tests.browser.conftest import PATIENCE, PERSON
from tests.browser.staff import Staff
from tests.browser.test_staff_pages import TOO_WIDE

pytestmark = pytest.mark.slow
PASSWORD = "four grey geese"


@pytest.fixture
def merchant(portal: str) -> Merchant:
    return f.MerchantFactory(name="Home Inc")


@pytest.fixture
def window(browser: Browser, portal: str, merchant: Merchant) -> Iterator[Page]:
    """The page of an owner."""
    client = Client()
    user = f.MembershipFactory(merchant=merchant, user__username="ann").user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(user_agent=PERSON, reduced_motion="reduce")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()
    cache.clear()


def assert_good(page: Page) -> None:
    assert [*find_violations(page), *page.evaluate(TOO_WIDE)] == [], page.url


def test_a_colleague_is_invited_in_four_clicks_joins_and_turns_two_factor_on(
    window: Page, portal: str, browser: Browser
) -> None:
    ann = Staff(window, portal)
    ann.click("Team", "link")
    ann.click("Invite a colleague", "link")
    window.get_by_label("E-mail").fill("kim@home.test")
    ann.click("Save")
    assert ann.clicks <= 4
    link = re.search(r"/invitation/[\w-]+/", window.locator("#main").inner_text())
    assert link

    page = browser.new_page(user_agent=PERSON, viewport={"width": 390, "height": 844})
    page.goto(f"{portal}{link[0]}")
    assert_good(page)
    page.get_by_label("First name").fill("Kim")
    page.get_by_label("Last name").fill("Low")
    for box in page.locator("input[type=password]").all():
        box.fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page).to_have_url(f"{portal}/admin/")

    page.goto(f"{portal}/admin/two-factor/")
    assert_good(page)
    key = page.locator("code").first.inner_text().replace(" ", "")
    code = f"{totp(b32decode(key)):06}"
    page.locator("#id_code").fill(code)
    page.get_by_role("button", name="Turn on").click()
    codes = re.findall(r"[0-9a-f]{5}-[0-9a-f]{5}", page.locator("#main").inner_text())
    assert len(codes) == 10
    assert_good(page)
    page.goto(f"{portal}/admin/logins/")
    assert_good(page)

    # Logged in anew: password, then a recovery code.
    page.context.clear_cookies()
    page.goto(f"{portal}/admin/")
    page.locator("#id_username").fill("kim@home.test")
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/login/code/"))
    assert_good(page)
    page.locator("#id_code").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{portal}/admin/")

    # The device is lost: all logins end, and the password alone is enough again.
    member = Membership.objects.get(user__username="kim@home.test")
    window.goto(f"{portal}/admin/subscriptions/membership/{member.pk}/change/")
    ann.click("Logins", "link")
    ann.sees("Where this person is logged in.")
    assert_good(window)
    ann.click("Back", "link")
    ann.press_in_dialog("Lost device")
    ann.sees("now logs in with the password alone")
    page.goto(f"{portal}/admin/")
    expect(page).to_have_url(re.compile("/admin/login/"))

    # The password is forgotten, too.
    page.get_by_role("link", name="Forgotten your password").click()
    page.get_by_text("An owner of your team can help").wait_for()
    assert_good(page)
    ann.press_in_dialog("New password")
    link = re.search(r"/password/[\w-]+/[\w-]+/", window.locator("#main").inner_text())
    assert link
    page.goto(f"{portal}{link[0]}")
    assert_good(page)
    for box in page.locator("input[type=password]").all():
        box.fill(f"{PASSWORD} more")
    page.get_by_role("button", name="Save").click()
    page.locator("#id_username").fill("kim@home.test")
    page.locator("#id_password").fill(f"{PASSWORD} more")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{portal}/admin/")

    # An owner ends the login.
    window.goto(f"{portal}/admin/team/{member.pk}/logins/")
    ann.click("End all")
    ann.sees("Ended 1 login.")
    page.goto(f"{portal}/admin/")
    expect(page).to_have_url(re.compile("/admin/login/"))
    page.close()

    ann.go_home()
    ann.click("Audit", "link")
    ann.sees("Logged in with a code.")
    ann.sees("Joined by the invitation for kim@home.test.")


def test_who_showed_a_token_is_seen_in_three_clicks(window: Page, portal: str, merchant: Merchant) -> None:
    verbs.cancel(f.subscription_with_order(customer__merchant=merchant), actor=f.STAFF)
    client = Client()
    user = f.MembershipFactory(merchant=merchant, role="marketing", user__username="kim").user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.post(f"/admin/oneclick/actiontoken/{ActionToken.objects.get().pk}/show/")
    ann = Staff(window, portal)
    ann.click("Audit", "link")
    ann.click("Secret shown", "link")
    ann.sees("Showed the usable token.")
    ann.sees("kim")
    assert ann.clicks <= 3
