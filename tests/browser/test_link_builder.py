"""Staff build a link in a browser, save it and test it, by mouse and by keyboard alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from oneclick.models import SavedLink
from subscriptions.models import Merchant, Offer, OfferProfile, Order, Product
from tests import factories as f
from tests.browser.axe import find_violations
from tests.browser.conftest import PHONE, Shop

LIST = "/admin/oneclick/savedlink/"


@pytest.fixture
def product(merchant: Merchant) -> Product:
    profile = OfferProfile.objects.create(merchant=merchant, name="Come back")
    Offer.objects.create(merchant=merchant, profile=profile, name="15 % off", usable_in_links=True)
    f.ConnectionFactory(merchant=merchant)
    f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant, is_test=True))
    f.ProductFactory(merchant=merchant, name="Green tea", image_url=None)
    made: Product = f.ProductFactory(
        merchant=merchant, name="Heather honey", external_product_id="HON-1", image_url=None
    )
    return made


@pytest.fixture
def log_in(portal: str, merchant: Merchant, product: Product) -> Callable[[Page], Page]:
    def logged_in(page: Page) -> Page:
        client = Client()
        membership = f.MembershipFactory(merchant=merchant)
        client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
        page.goto(f"{portal}{LIST}add/")
        return page

    return logged_in


@pytest.fixture
def staff(page: Page, log_in: Callable[[Page], Page]) -> Page:
    """On the page of a new link."""
    return log_in(page)


def test_the_link_follows_every_choice_and_is_saved_signed(staff: Page, merchant: Merchant) -> None:
    url = staff.locator("[data-url]")
    staff.get_by_role("spinbutton", name="Days").press_sequentially("21")
    expect(url).to_contain_text("#og_quick_action=delay#og_delay_by=21#")
    staff.get_by_text("Subscription upsell").click()
    expect(staff.locator("#link")).to_contain_text("Choose a product.")
    expect(staff.get_by_role("spinbutton", name="Days")).to_be_hidden()
    staff.get_by_role("searchbox", name="Search for a product").press_sequentially("honey")
    expect(staff.get_by_text("Green tea")).to_be_hidden()
    staff.get_by_text("Heather honey").click()
    staff.get_by_text("15 % off").click()
    expect(url).to_contain_text("=upsell#og_product_id=HON-1#og_offer_id=")
    expect(staff.locator(".link-bubble")).to_contain_text("?action=upsell&og_product_id=HON-1")
    staff.get_by_label("Words on the e-mail button").fill("Honey, please")
    expect(staff.locator(".link-mail")).to_have_text("Honey, please")
    assert not SavedLink.objects.exists()

    staff.get_by_label("Name", exact=True).fill("Honey every month")
    staff.get_by_role("button", name="Save").click()
    expect(staff.get_by_text("Honey every month is saved and signed.")).to_be_visible()
    link = SavedLink.objects.get()
    expect(staff.locator("[data-url]")).to_contain_text(f"#og_link={link.public_id.hex}#og_sig=")
    assert link.parameters["og_product_id"] == "HON-1" and link.parameters["og_every"] == "1"


def test_a_page_of_the_shop_is_checked(staff: Page, shop: Any, settings: Any) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    staff.get_by_text("A page of your shop").click()
    staff.get_by_label("Address of the page").fill(f"{shop.url}/tea")
    expect(staff.get_by_text("The page loads your script.")).to_be_visible()
    assert shop.paths == ["/tea"]
    shop.html = "<h1>Nothing here</h1>"
    staff.get_by_label("Address of the page").fill(f"{shop.url}/account/")
    expect(staff.get_by_text("Your script is not in the page's source")).to_be_visible()
    expect(staff.get_by_text("This page looks like part of the account area.")).to_be_visible()


def test_copies_are_what_the_page_shows(staff: Page) -> None:
    staff.context.grant_permissions(["clipboard-read", "clipboard-write"])
    read = "navigator.clipboard.readText()"
    for name, begins in [
        ("the link for e-mail", "http://"),
        ("the HTML of the button", "<table"),
        ("the text message", "Your next"),
    ]:
        button = staff.get_by_role("button", name=f"Copy {name}")
        button.click()
        expect(button).to_have_text("checkCopied")
        assert staff.evaluate(read).startswith(begins)
    assert "{{ event.action_token }}" in staff.evaluate(read)


def test_a_copy_is_made_without_https_too(staff: Page) -> None:
    # As browsers behave where the portal is on another machine.
    staff.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    button = staff.get_by_role("button", name="Copy the link for e-mail")
    button.click()
    expect(button).to_have_text("checkCopied")
    expect(button).to_be_focused()
    words = staff.get_by_label("Words on the e-mail button")
    words.focus()
    staff.keyboard.press("Control+V")
    assert words.input_value().startswith("http://")


def test_testing_a_link_moves_a_test_customers_order(staff: Page, merchant: Merchant) -> None:
    order = Order.objects.get(merchant=merchant)
    staff.get_by_role("spinbutton", name="Days").fill("21")
    with staff.context.expect_page() as opened:
        staff.get_by_role("button", name="Test link").click()
    expect(opened.value.locator(".alert-container--success")).to_contain_text("Your order was delayed.")
    moved = Order.objects.open().get(merchant=merchant)
    assert (moved.place_date - order.place_date).days == 21
    expect(staff.get_by_role("spinbutton", name="Days")).to_have_value("21")


def test_a_link_to_the_shops_own_page_is_tested_there(staff: Page, shop: Shop) -> None:
    staff.get_by_text("A page of your shop").click()
    staff.get_by_label("Address of the page").fill(f"{shop.url}/welcome")
    with staff.context.expect_page() as opened:
        staff.get_by_role("button", name="Test link").click()
    expect(opened.value).to_have_url(f"{shop.url}/welcome")
    expect(opened.value.locator(".alert-container--success")).to_contain_text("Your order was delayed.")


def test_the_keyboard_alone_is_enough(staff: Page) -> None:
    def to(name: str, role: Any = "radio") -> None:
        """Tab until `target` has the focus."""
        wanted = staff.get_by_role(role, name=name).first
        for _ in range(80):
            staff.keyboard.press("Tab")
            if wanted.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"{name} cannot be reached")

    to("Klaviyo")
    to("Delay")
    for _ in range(3):
        staff.keyboard.press("ArrowDown")
    expect(staff.get_by_role("radio", name="Product upsell")).to_be_checked()
    to("Search for a product", "searchbox")
    staff.keyboard.type("honey")
    expect(staff.get_by_text("Green tea")).to_be_hidden()
    # In a group without a choice, Tab reaches the first.
    to("Heather honey")
    staff.keyboard.press("Space")
    expect(staff.locator("[data-url]")).to_contain_text("#og_product_id=HON-1#")
    to("Name", "textbox")
    staff.keyboard.type("By hand")
    staff.keyboard.press("Enter")
    expect(staff.get_by_text("By hand is saved and signed.")).to_be_visible()


def test_the_link_builder_has_no_accessibility_faults(
    staff: Page, visit: Callable[..., Page], log_in: Callable[[Page], Page]
) -> None:
    assert find_violations(staff) == []
    staff.get_by_text("Subscription upsell").click()
    staff.get_by_text("A page of your shop").click()
    expect(staff.locator("#link")).to_contain_text("Enter the address of the page.")
    assert find_violations(staff) == []
    staff.get_by_role("button", name="Save").click()
    expect(staff.get_by_text("This field is required.", exact=True)).to_be_visible()
    assert find_violations(staff) == []
    small = log_in(visit(**PHONE, color_scheme="dark"))
    assert find_violations(small) == []
    assert small.evaluate("document.documentElement.scrollWidth") == 390


def test_without_javascript_the_link_is_built_and_saved(
    visit: Callable[..., Page], log_in: Callable[[Page], Page]
) -> None:
    page = log_in(visit(java_script_enabled=False))
    page.get_by_text("Product upsell").click()
    page.get_by_role("searchbox", name="Search for a product").fill("honey")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#link")).to_contain_text("Choose a product.")
    expect(page.get_by_text("Green tea")).to_have_count(0)
    page.get_by_text("Heather honey").click()
    page.get_by_label("Name", exact=True).fill("Plain")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Plain is saved and signed.")).to_be_visible()
    expect(page.locator("[data-url]")).to_contain_text("#og_product_id=HON-1#og_link=")


def test_on_a_phone_the_list_cuts_nothing_off(
    visit: Callable[..., Page], log_in: Callable[[Page], Page], merchant: Merchant
) -> None:
    page_url = f"https://shop.test/{'w' * 200}"
    SavedLink.objects.create(merchant=merchant, name="w" * 100, action="skip", page_url=page_url)
    merchant.landing_pages.update(name="w" * 100)
    SavedLink.objects.create(merchant=merchant, name="x", action="skip", landing_page=merchant.landing_pages.get())
    phone = log_in(visit(**PHONE))
    phone.goto(phone.url.removesuffix("add/"))
    cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent.trim())"
    assert phone.locator(".data-row > :is(th, td)").evaluate_all(cut) == []
