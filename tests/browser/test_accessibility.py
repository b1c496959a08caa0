"""Accessibility of the banner, the landing page and its editor, in both colour schemes and sizes."""

import pytest
from playwright.sync_api import expect

from oneclick.links.link_urls import landing_page_url
from oneclick.models import LandingPage
from oneclick.tokens.token_text import encode_token
from tests.browser.axe import find_violations
from tests.browser.conftest import PHONE
from tests.browser.page_editor import FRAME, editor

DESK = {"viewport": {"width": 1280, "height": 800}}
SCREENS = pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
BANNERS = {
    "success": "#og_quick_action=skip",
    "notice": "#og_quick_action=skip#og_mode=confirm",
    "error": "#og_quick_action=upsell",
}


@SCREENS
@pytest.mark.parametrize("kind", BANNERS)
def test_a_banner_has_no_accessibility_faults(visit, shop, orders, kind, screen):
    page = visit(**screen)
    page.goto(f"{shop.url}/{BANNERS[kind]}#og_quick_action_token={encode_token(orders.order_token())}")
    expect(page.locator(f".alert-container--{kind} .alert-container__text")).not_to_be_empty()
    found = [text for text in find_violations(page) if "alert-container" in text]
    assert found == []


@SCHEMES
@SCREENS
def test_a_landing_page_has_no_accessibility_faults(visit, merchant, orders, screen, scheme):
    LandingPage.objects.filter(merchant=merchant).update(
        success_color="#ffee00", accent_color="#33ddcc", text="One\n\nTwo", support_contact="help@shop.test"
    )
    page = visit(**screen, color_scheme=scheme)
    page.goto(
        f"{landing_page_url(merchant)}#og_quick_action=skip#og_quick_action_token={encode_token(orders.order_token())}"
    )
    expect(page.locator(".alert-container--success .alert-container__text")).not_to_be_empty()
    assert find_violations(page) == []


@SCHEMES
def test_the_form_without_scripts_has_no_accessibility_faults(visit, merchant, orders, scheme):
    plain = visit(**PHONE, color_scheme=scheme, java_script_enabled=False)
    plain.goto(f"{landing_page_url(merchant)}?action=skip&token={encode_token(orders.order_token())}")
    # The checker needs scripts, so it gets the page that a browser without them has shown.
    html = plain.content().replace("<noscript>", "<div>").replace("</noscript>", "</div>")
    assert "Skip my order" in html
    page = visit(**PHONE, color_scheme=scheme)
    page.route("**/l/**", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(landing_page_url(merchant))
    assert find_violations(page) == []


@pytest.mark.sampled(2)
@SCHEMES
@SCREENS
def test_the_editor_has_no_accessibility_faults(visit, portal, merchant, screen, scheme):
    # Scripts do not run in the preview, so none can be asked whether it stands still.
    page = editor(visit(**screen, color_scheme=scheme, reduced_motion="reduce"), portal, merchant)
    expect(page.frame_locator(FRAME).get_by_role("status")).to_contain_text("Your order was delayed.")
    assert find_violations(page) == []
