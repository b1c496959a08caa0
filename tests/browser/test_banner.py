"""What the customer sees and can do after a click, on a shop's page under a strict content policy."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from oneclick.models import ActionToken, MessageText, OneClickSettings
from subscriptions import calendar
from subscriptions.models import Customer, Merchant
from tests.browser.conftest import PHONE


@pytest.fixture
def link(shop, token) -> str:
    return f"{shop.url}/#og_quick_action=reactivate#og_quick_action_token={token}"


def test_a_click_reactivates_and_a_green_banner_names_the_next_date(page, link, subscription, merchant):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(link)
    banner = page.locator(".alert-container.alert-container--success[role=status]")
    tomorrow = calendar.human_date(calendar.today(merchant.time_zone) + timedelta(days=1))
    expect(banner.locator(".alert-container__text")).to_have_text(
        f"Your subscription to House blend is active again. Your next order is planned for {tomorrow}."
    )
    expect(banner).to_have_css("z-index", "6000")
    expect(banner).to_have_css("background-color", "rgb(20, 105, 63)")
    expect(banner).to_have_css("position", "fixed")
    expect(banner).to_have_css("top", "0px")
    subscription.refresh_from_db()
    assert subscription.live
    assert said == []


def test_a_later_click_is_told_that_the_link_was_used(page, link, merchant):
    OneClickSettings.objects.filter(merchant=merchant).update(replay_seconds=0)
    page.goto(link)
    expect(page.get_by_role("status")).to_contain_text("is active again")
    page.goto("about:blank")
    page.goto(link)
    banner = page.locator(".alert-container.alert-container--error[role=alert]")
    expect(banner).to_have_text("This link was previously used. Your subscription was not reactivated.")
    expect(banner).to_have_css("background-color", "rgb(179, 38, 30)")


def test_undo_reverts_the_action_and_is_offered_once(page, link, subscription):
    page.goto(link)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("is cancelled again")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    subscription.refresh_from_db()
    assert not subscription.live


def test_the_undo_button_disappears_when_its_time_is_over(page, link):
    page.clock.install(time=timezone.now())
    page.goto(link)
    page.clock.run_for(2000)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.clock.run_for(11 * 60 * 1000)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("is active again")


@pytest.mark.parametrize("years", [-1, 1])
def test_undo_is_offered_to_customers_whose_clock_is_wrong(page, link, years):
    page.clock.install(time=timezone.now() + timedelta(days=365 * years))
    page.goto(link)
    page.clock.run_for(2000)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.clock.run_for(20 * 1000)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_without_a_network_the_customer_can_try_again(page, shop, link, subscription, token):
    page.goto(f"{shop.url}/")
    page.context.set_offline(True)
    page.evaluate("hash => { location.hash = hash }", link.split("#", 1)[1])
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_contain_text("is active again")
    assert ActionToken.objects.filter(subscription=subscription, used_at__isnull=False).count() == 1


def test_a_shop_that_is_not_registered_is_refused(page, link, merchant, subscription):
    OneClickSettings.objects.filter(merchant=merchant).update(shop_origins=["https://other.test"])
    cache.clear()
    page.goto(link)
    expect(page.get_by_role("alert")).to_be_visible()
    subscription.refresh_from_db()
    assert not subscription.live


@pytest.mark.parametrize("way", ["button", "escape"])
def test_the_banner_can_be_closed(page, link, way):
    page.goto(link)
    expect(page.get_by_role("status")).to_contain_text("is active again")
    if way == "button":
        page.get_by_role("button", name="Close").click()
    else:
        page.keyboard.press("Escape")
    expect(page.locator(".alert-container")).to_have_count(0)


def test_the_keyboard_reaches_the_banner_first(page, link, portal, shop, merchant):
    shop.load(portal, merchant.public_id.hex, body="<a href='/'>Home</a>")
    page.goto(link)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".alert-container--success")).to_contain_text("is cancelled again")
    expect(page.locator(".alert-container--success")).to_be_focused()


def test_a_message_is_text_and_never_markup(page, link, merchant):
    MessageText.objects.create(
        merchant=merchant,
        locale=merchant.locale,
        table="reactivate",
        code="success",
        text="<img src=x> {date}",
    )
    page.goto(link)
    expect(page.locator(".alert-container__text")).to_contain_text("<img src=x>")
    assert page.locator(".alert-container img").count() == 0


def test_the_shops_own_css_wins_over_ours_and_its_resets_do_not(page, link, portal, shop, merchant):
    css = "*{margin:0} button{width:100%} div{position:static} .alert-container{background:navy;z-index:99999}"
    shop.load(portal, merchant.public_id.hex, head=f"<style>{css}</style>", inline="style-src")
    page.goto(link)
    banner = page.get_by_role("status")
    expect(banner).to_have_css("background-color", "rgb(0, 0, 128)")
    expect(banner).to_have_css("z-index", "99999")
    expect(banner).to_have_css("position", "fixed")
    assert page.get_by_role("button", name="Close").bounding_box()["width"] == 44


def test_the_merchants_settings_are_in_the_script(page, link, merchant):
    OneClickSettings.objects.filter(merchant=merchant).update(z_index=123, auto_hide_seconds=90)
    page.clock.install()
    page.goto(link)
    banner = page.locator(".alert-container--success")
    expect(banner).to_have_css("z-index", "123")
    page.clock.run_for(90_000)
    expect(banner).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_small_screen_the_whole_banner_can_be_read(visit, link, width):
    page = visit(**{**PHONE, "viewport": {"width": width, "height": 640}})
    page.goto(link)
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport(ratio=1)
    expect(page.locator(".alert-container__text")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_at_twice_the_size_the_whole_banner_can_be_read(visit, link):
    page = visit(viewport={"width": 640, "height": 360}, device_scale_factor=2)
    page.goto(link)
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 640


def test_a_right_to_left_message_mirrors_the_banner(page, link, merchant):
    Merchant.objects.filter(pk=merchant.pk).update(locale="ar")
    Customer.objects.update(locale="ar")
    MessageText.objects.create(
        merchant=merchant, locale="ar", table="reactivate", code="success", text="اشتراكك في {product_name} نشط."
    )
    page.goto(link)
    banner = page.get_by_role("status")
    expect(banner).to_contain_text("اشتراكك")
    expect(banner).to_have_css("direction", "rtl")
    text, close = (page.locator(f".alert-container__{part}").bounding_box() for part in ("text", "close"))
    assert close["x"] + close["width"] <= text["x"]


def test_with_reduced_motion_nothing_moves(visit, link):
    page = visit(reduced_motion="reduce")
    page.goto(link)
    expect(page.get_by_role("status")).to_have_css("animation-name", "none")


def test_the_shops_listeners_never_get_the_token(page, link, portal, shop, merchant):
    listen = "addEventListener('reprise:one-click', event => { window.heard = event.detail })"
    shop.load(portal, merchant.public_id.hex, head=f"<script>{listen}</script>", inline="script-src")
    page.goto(link)
    expect(page.get_by_role("status")).to_contain_text("is active again")
    assert page.evaluate("window.heard") == {"action": "reactivate", "status": "success", "error": None}
