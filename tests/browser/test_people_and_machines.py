"""The script acts at once for a person, after a press when in doubt, and never for a driven browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from oneclick.links.link_urls import landing_page_url
from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions.models import Merchant
from tests.browser.conftest import PERSON, PHONE, launch_browser, record_posts

SCANNER = PERSON.replace("Chrome/", "HeadlessChrome/")


def is_visit_reported(posts: list[str]) -> bool:
    """Whether the page has only reported a visit."""
    return len(posts) == 1 and "/one_click/opened/" in posts[0]


def recorded_visits() -> list[tuple[str, bool, bool]]:
    """(outcome, whether it is an opening, whether it is a likely machine) of each click."""
    return list(Click.objects.order_by("pk").values_list("outcome", "opens", "likely_machine"))


@pytest.fixture
def link(shop, token) -> str:
    return f"{shop.url}/#og_quick_action=reactivate#og_quick_action_token={token}"


@pytest.fixture
def driven(playwright) -> Iterator[Browser]:
    """A browser that reveals that a program drives it."""
    yield from launch_browser(playwright)


def test_a_headless_browser_gets_the_button_and_only_a_real_press_acts(visit, link, subscription):
    page = visit(user_agent=SCANNER)
    posts = record_posts(page)
    with page.expect_response("**/one_click/opened/**"):
        page.goto(link)
    button = page.get_by_role("button", name="Reactivate my subscription")
    expect(page.get_by_role("status")).to_contain_text("Start your subscription again?")
    page.evaluate("document.querySelectorAll('.alert-container button').forEach(button => button.click())")
    page.wait_for_timeout(300)
    assert is_visit_reported(posts)
    button.click(delay=60)
    expect(page.get_by_role("status")).to_contain_text("is active again")
    assert len(posts) == 2 and "/one_click/reactivate/" in posts[1] and "visit=told" in posts[1]
    subscription.refresh_from_db()
    assert subscription.live
    assert recorded_visits() == [("opened", True, True), ("success", False, True)]


def test_a_driven_browser_is_offered_nothing_and_the_token_leaves_its_address(driven, link, shop):
    page = driven.new_page(user_agent=PERSON)
    posts = record_posts(page)
    with page.expect_response("**/one_click/opened/**"):
        page.goto(link)
    page.wait_for_timeout(1500)
    assert page.evaluate("navigator.webdriver") is True
    assert page.url == f"{shop.url}/"
    assert page.locator(".alert-container").count() == 0
    assert is_visit_reported(posts)
    assert recorded_visits() == [("opened", True, True)]


@pytest.mark.parametrize("place", ["shop", "landing page", "api"])
def test_a_visit_without_javascript_changes_nothing(visit, shop, portal, merchant, token, link, place):
    fragment = link.partition("#")[2]
    api = f"{portal}/one_click/reactivate/?token={token}"
    address = {"shop": link, "landing page": f"{landing_page_url(merchant)}#{fragment}", "api": api}[place]
    page = visit(java_script_enabled=False)
    assert page.request.head(address.partition("#")[0]).status in (200, 501)
    page.goto(address)
    assert page.locator("form").count() == 0
    assert not ActionToken.objects.filter(used_at__isnull=False).exists()
    assert recorded_visits() == [("fetched", True, True)] * (2 if place == "api" else 0)
    if place == "api":
        assert page.url.startswith(f"{landing_page_url(merchant)}#og_quick_action=reactivate#")


def test_a_page_nobody_looks_at_waits(page, link):
    page.add_init_script(
        "window.shown = 'hidden';"
        "Object.defineProperty(Document.prototype, 'visibilityState', { get: () => window.shown })"
    )
    posts = record_posts(page)
    page.goto(link)
    page.wait_for_timeout(500)
    assert posts == []
    page.evaluate("window.shown = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("status")).to_contain_text("is active again")


def test_a_prerendered_page_waits(page, link):
    page.add_init_script(
        "window.early = true;Object.defineProperty(Document.prototype, 'prerendering', { get: () => window.early })"
    )
    posts = record_posts(page)
    page.goto(link)
    page.wait_for_timeout(500)
    assert posts == []
    page.evaluate("window.early = false; document.dispatchEvent(new Event('prerenderingchange'))")
    expect(page.get_by_role("status")).to_contain_text("is active again")


# Reading a page from a test counts as a touch.
UNTOUCHED = "Object.defineProperty(Navigator.prototype, 'userActivation', { get: () => undefined });"
WITHOUT_FOCUS = f"{UNTOUCHED} Document.prototype.hasFocus = () => false"


@pytest.mark.parametrize(
    "sign",
    [
        "Object.defineProperty(window, 'outerWidth', { get: () => 0 })",
        "Object.defineProperty(window, 'outerHeight', { get: () => 0 })",
        "Object.defineProperty(window, 'innerWidth', { get: () => 0 })",
        "Object.defineProperty(Screen.prototype, 'width', { get: () => 0 })",
        "Object.defineProperty(Navigator.prototype, 'languages', { get: () => [] })",
        WITHOUT_FOCUS,
        "window.requestAnimationFrame = () => 0",
    ],
    ids=["width", "height", "page", "screen", "languages", "focus", "frames"],
)
def test_without_signs_of_a_person_the_button_asks_first(page, link, sign):
    page.add_init_script(sign)
    posts = record_posts(page)
    page.goto(link)
    expect(page.get_by_role("status")).to_contain_text("Start your subscription again?")
    assert is_visit_reported(posts)


def test_a_phone_without_focus_before_the_first_touch_is_a_persons(visit, link):
    page = visit(**PHONE)
    page.add_init_script(WITHOUT_FOCUS)
    page.goto(link)
    expect(page.get_by_role("status")).to_contain_text("is active again")


def test_a_window_may_report_its_size_with_the_first_frame(page, link):
    """As Chromium does with a fresh page on a busy machine."""
    page.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => requestAnimationFrame(() => { window.drawn = true }));"
        "Object.defineProperty(window, 'outerWidth', { get: () => window.drawn ? 1280 : 0 })"
    )
    page.goto(link)
    expect(page.get_by_role("status")).to_contain_text("is active again")


def test_a_page_that_is_busy_for_long_still_counts_as_seen(page, link, portal, shop, merchant):
    """As on a cheap phone with a script-heavy shop: frames come late."""
    busy = "setTimeout(() => { const end = Date.now() + 4500; while (Date.now() < end); })"
    head = f"<script>document.addEventListener('DOMContentLoaded', () => {busy})</script>"
    shop.load(portal, merchant.public_id.hex, head=head, inline="script-src")
    page.goto(link)
    expect(page.locator(".alert-container--success")).to_contain_text("is active again")


def test_a_window_may_come_to_the_front_after_its_page_is_drawn(page, link):
    """As in a browser that another program opens."""
    page.add_init_script(
        f"{UNTOUCHED} Document.prototype.hasFocus = () => window.front;"
        "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { window.front = true }, 200)))"
    )
    page.goto(link)
    expect(page.get_by_role("status")).to_contain_text("is active again")


def test_a_link_can_ask_for_the_button(page, link):
    posts = record_posts(page)
    page.goto(f"{link}#og_mode=confirm")
    expect(page.get_by_role("button", name="Reactivate my subscription")).to_be_visible()
    assert is_visit_reported(posts)


def test_a_merchant_can_ask_for_the_button(page, shop, merchant):
    OneClickSettings.objects.filter(merchant=merchant).update(confirm_actions=["delay", "upsell"])
    posts = record_posts(page)
    page.goto(f"{shop.url}/#og_quick_action=delay#og_quick_action_token=T")
    expect(page.get_by_role("status")).to_contain_text("Delay your order by 14 days?")
    page.goto("about:blank")
    page.goto(
        f"{shop.url}/#og_quick_action=upsell#og_every=2#og_every_period=2#og_product_id=P#og_quick_action_token=T"
    )
    expect(page.get_by_role("status")).to_contain_text("Quantity: 1, every 2 weeks.")
    assert ["/one_click/opened/" in address for address in posts] == [True, True]


@pytest.mark.parametrize(
    ("link", "question"),
    [
        ("upsell#og_every=1#og_every_period=constructor", "Quantity: 1, every –."),
        ("upsell#og_every=2#og_every_period=2", "Quantity: 1, every 2 weeks."),
        ("delay#og_delay_by=1e3", "Delay your order by 1e3?"),
    ],
)
def test_the_button_asks_first_whatever_the_link_and_the_shops_locale_say(page, shop, merchant, link, question):
    Merchant.objects.filter(pk=merchant.pk).update(locale="en us")
    page.goto(f"{shop.url}/#og_mode=confirm#og_quick_action={link}#og_quick_action_token=T")
    expect(page.get_by_role("status")).to_contain_text(question)


def test_an_upsell_that_cannot_act_says_so_instead_of_asking(page, shop, orders):
    orders.merchant.products.filter(pk=orders.product.pk).update(live=False)
    token = encode_token(orders.order_token())
    page.goto(f"{shop.url}/#og_mode=confirm#og_quick_action=upsell#og_product_id=HON-1#og_quick_action_token={token}")
    expect(page.get_by_role("alert")).to_contain_text("The product is unavailable or invalid.")
    assert page.locator(".alert-container__button").count() == 0
