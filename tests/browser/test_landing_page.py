"""The hosted page, with and without JavaScript."""

from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from oneclick.analytics import likely_machines
from oneclick.links.link_urls import landing_page_url
from oneclick.models import LandingPage, OneClickSettings
from subscriptions.models import Merchant
from tests.browser.links import ACTIONS, ASKED, LINKS, SUCCESS, UNDONE, order_state, token_for


@pytest.fixture(autouse=True)
def quick_people(monkeypatch):
    """Tests press faster than people."""
    monkeypatch.setattr(likely_machines, "PRESS_SECONDS", 0)


def with_query(merchant: Merchant, parameters: dict[str, str]) -> str:
    """The hosted page in the query form, which works without JavaScript."""
    return f"{landing_page_url(merchant)}?{urlencode(parameters)}"


def test_a_link_to_our_own_page_acts_there(page, merchant, token, subscription):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{landing_page_url(merchant)}#og_quick_action=reactivate#og_quick_action_token={token}")
    expect(page.get_by_role("status")).to_contain_text("is active again")
    assert page.url == landing_page_url(merchant)
    assert page.context.cookies() == []
    assert said == []


def test_without_scripts_the_query_form_of_a_link_works_by_one_button(visit, merchant, token, subscription):
    page = visit(java_script_enabled=False)
    page.goto(with_query(merchant, {"token": token, "action": "reactivate"}))
    subscription.refresh_from_db()
    assert not subscription.live
    page.get_by_role("button", name="Reactivate my subscription").click()
    banner = page.locator(".alert-container--success[role=status]")
    expect(banner).to_contain_text("is active again")
    expect(banner).to_have_css("background-color", "rgb(20, 105, 63)")
    expect(banner).to_have_css("position", "fixed")
    subscription.refresh_from_db()
    assert subscription.live


@pytest.mark.parametrize("action", ACTIONS)
def test_without_scripts_each_action_has_its_button_and_its_undo(visit, merchant, orders, action):
    token = token_for(action, orders)
    before = order_state(orders)
    page = visit(java_script_enabled=False)
    page.goto(f"{landing_page_url(merchant)}?{query_of(action)}&token={token}")
    question, button = ASKED[action]
    expect(page.locator(".card__question")).to_have_text(question)
    assert order_state(orders) == before
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".alert-container--success")).to_contain_text(SUCCESS[action])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".alert-container--success")).to_contain_text(UNDONE[action])
    assert order_state(orders) == before


def test_without_scripts_the_keyboard_alone_is_enough(visit, merchant, orders):
    page = visit(java_script_enabled=False)
    page.goto(f"{landing_page_url(merchant)}?{query_of('skip')}&token={token_for('skip', orders)}")
    expect(page.get_by_role("button", name="Skip my order")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".alert-container--success")).to_contain_text(SUCCESS["skip"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".alert-container--success")).to_contain_text(UNDONE["skip"])


def query_of(action: str) -> str:
    """The parameters of a link's fragment, as a query."""
    return LINKS[action].lstrip("#").replace("#", "&")


def test_without_scripts_a_forged_token_is_refused_on_a_page(visit, merchant):
    page = visit(java_script_enabled=False)
    page.goto(with_query(merchant, {"token": "forged", "action": "reactivate"}))
    page.get_by_role("button", name="Reactivate my subscription").click()
    expect(page.get_by_role("alert")).to_have_text("The link is invalid. Your subscription was not reactivated.")


def test_with_scripts_the_query_form_acts_by_itself_and_shows_no_form(page, merchant, token):
    page.goto(with_query(merchant, {"token": token, "action": "reactivate"}))
    expect(page.get_by_role("status")).to_contain_text("is active again")
    assert page.url == landing_page_url(merchant)
    assert page.locator("form").count() == 0


def test_a_page_sets_the_banners_colours_position_and_duration(page, merchant, token):
    own = {"success_color": "#ffee00", "z_index": 70, "auto_hide_seconds": 90}
    LandingPage.objects.filter(merchant=merchant).update(**own)
    page.clock.install()
    page.goto(f"{landing_page_url(merchant)}#og_quick_action=reactivate#og_quick_action_token={token}")
    banner = page.locator(".alert-container--success")
    expect(banner).to_have_css("background-color", "rgb(255, 238, 0)")
    expect(banner).to_have_css("color", "rgb(0, 0, 0)")
    expect(banner).to_have_css("z-index", "70")
    page.clock.run_for(90_000)
    expect(banner).to_have_count(0)


def test_the_banner_uses_the_language_of_its_page(page, merchant, orders):
    LandingPage.objects.filter(merchant=merchant).update(locale="es")
    link = f"{landing_page_url(merchant)}{LINKS['delay']}#og_quick_action_token={token_for('delay', orders)}"
    page.goto(f"{link}#og_mode=confirm")
    notice = page.get_by_role("status")
    expect(notice).to_contain_text("¿Aplazar su pedido 21 días?")
    expect(notice).to_have_attribute("lang", "es")
    page.get_by_role("button", name="Aplazar mi pedido").click()
    page.get_by_role("button", name="Deshacer").click()
    expect(page.locator(".alert-container--success")).to_contain_text(UNDONE["delay"])
    expect(page.get_by_role("button", name="Cerrar")).to_be_visible()


def test_on_the_merchants_own_domain_a_click_stays_there(page, portal, merchant, token):
    port = portal.rpartition(":")[2]
    # Chromium resolves every name under localhost to this machine.
    OneClickSettings.objects.filter(merchant=merchant).update(landing_host="links.shop.localhost")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"http://links.shop.localhost:{port}/#og_quick_action=reactivate#og_quick_action_token={token}")
    expect(page.get_by_role("status")).to_contain_text("is active again")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("is cancelled again")
    assert {urlsplit(url).hostname for url in asked if url.startswith("http")} == {"links.shop.localhost"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accent_colour_and_the_scheme_come_through_the_strict_policy(visit, merchant, scheme):
    LandingPage.objects.filter(merchant=merchant).update(accent_color="#123456")
    page = visit(color_scheme=scheme)
    page.goto(landing_page_url(merchant))
    expect(page.get_by_role("link", name="Continue to the shop")).to_have_css("background-color", "rgb(18, 52, 86)")
    ground = {"light": "rgb(244, 245, 242)", "dark": "rgb(16, 19, 18)"}[scheme]
    expect(page.locator("body")).to_have_css("background-color", ground)
