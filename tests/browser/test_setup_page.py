"""The first owner signs up in a browser, at a desk and on a phone, and the bar of a test merchant."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from onboarding.setup_link import setup_link
from subscriptions.models import Membership, Merchant
from tests import factories as f
from tests.browser.axe import find_violations
from tests.browser.conftest import PHONE
from tests.oneclick.shop import Shop

DESK = {"viewport": {"width": 1280, "height": 800}}
SCREENS = pytest.mark.parametrize(("screen", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
WIDTHS = "[document.documentElement.scrollWidth, window.innerWidth]"


def is_no_wider_than_the_screen(page: Page) -> bool:
    wide, screen = page.evaluate(WIDTHS)
    return bool(wide <= screen)


@SCREENS
def test_the_first_owner_signs_up(visit: Callable[..., Page], portal: str, screen: dict, scheme: str) -> None:
    page = visit(**screen, color_scheme=scheme)
    page.goto(f"{portal}/")
    expect(page.get_by_role("heading", name="Nobody can log in yet")).to_be_visible()
    page.goto(setup_link())
    expect(page.get_by_role("heading", name="Set up your shop")).to_be_visible()
    assert is_no_wider_than_the_screen(page) and find_violations(page) == []
    page.get_by_label("Name of your shop").fill("Harbour Coffee")
    page.get_by_label("Shop address").fill("harbour.example")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_label("Country").select_option("DE")
    page.get_by_label("Language").select_option("de-de")
    page.get_by_label("Your login").fill("ana")
    page.get_by_label("Password", exact=False).first.fill("four green herons")
    page.get_by_label("Password confirmation").fill("four green heron")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("The two password fields didn’t match.")).to_be_visible()
    expect(page.get_by_label("Name of your shop")).to_have_value("Harbour Coffee")
    assert find_violations(page) == [] and not Merchant.objects.exists()
    page.get_by_label("Password", exact=False).first.fill("four green herons")
    page.get_by_label("Password confirmation").fill("four green herons")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Your shop is set up")).to_be_visible()
    merchant = Merchant.objects.get()
    assert (merchant.shop_url, merchant.is_test) == ("https://harbour.example", False)
    expect(page.get_by_text(merchant.storefront_key[:])).to_be_visible()
    assert is_no_wider_than_the_screen(page) and find_violations(page) == []
    page.get_by_role("link", name="Go on with the set-up guide").click()
    expect(page.get_by_role("heading", name="Set up Harbour Coffee")).to_be_visible()
    assert is_no_wider_than_the_screen(page) and find_violations(page) == []
    expect(page.get_by_text("TEST MODE")).to_have_count(0)
    assert Membership.objects.get().user.username == "ana"


@SCREENS
def test_a_test_merchant_has_the_bar(
    visit: Callable[..., Page], portal: str, merchant: Merchant, orders: Shop, screen: dict, scheme: str
) -> None:
    page = visit(**screen, color_scheme=scheme)
    client = Client()
    client.force_login(f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    for address in ("/admin/", "/admin/subscriptions/gatewaysettings/", "/admin/subscriptions/order/"):
        page.goto(portal + address)
        bar = page.get_by_role("complementary", name=re.compile("Test mode"))
        expect(bar).to_contain_text("The simulator answers every order")
        assert is_no_wider_than_the_screen(page)
        assert [fault for fault in find_violations(page) if "test-mode" in fault or "aside" in fault] == []
