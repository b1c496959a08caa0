"""Customers click twice, go back, reload, use two tabs, or lose the network."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from oneclick.models import Click, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions.models import Item
from tests.browser.conftest import record_posts
from tests.portal import wait_until

ACT = "**/one_click/upsell/**"


@pytest.fixture
def link(shop, orders) -> str:
    """A link that adds a product, so that acting twice would show."""
    token = encode_token(orders.order_token())
    return f"{shop.url}/#og_quick_action=upsell#og_product_id=HON-1#og_quick_action_token={token}"


@pytest.fixture
def strict(merchant) -> None:
    """Without a window for replays, so that each click counts by itself."""
    OneClickSettings.objects.filter(merchant=merchant).update(replay_seconds=0)


def added_items(orders) -> int:
    return Item.objects.filter(product=orders.product).count()


def wait_for_success(page: Page) -> None:
    expect(page.locator(".alert-container--success")).to_contain_text("Honey was added to your order")


def test_a_button_pressed_twice_acts_once(page, link, orders, strict):
    posts = record_posts(page)
    page.goto(f"{link}#og_mode=confirm")
    page.get_by_role("button", name="Add to my order").dblclick()
    wait_for_success(page)
    assert [address.split("/")[4] for address in posts] == ["opened", "upsell"]
    assert added_items(orders) == 1


def test_the_second_half_of_a_double_click_undoes_nothing(page, link, orders):
    """The answer may arrive within a double click and put its own button under the pointer."""
    posts = record_posts(page)
    page.goto(f"{link}#og_mode=confirm")
    double_click(page, page.get_by_role("button", name="Add to my order"), page.get_by_role("button", name="Undo"))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".alert-container--success")).to_contain_text("taken off your order again")
    assert [address.split("/")[4] for address in posts] == ["opened", "upsell", "undo"]


def double_click(page: Page, first: Locator, second: Locator) -> None:
    """A double click whose second half hits the second button."""
    for number, button in enumerate([first, second], 1):
        button.hover()
        page.mouse.down(click_count=number)
        page.mouse.up(click_count=number)


def test_undo_pressed_twice_is_sent_once(page, link, orders):
    page.goto(link)
    wait_for_success(page)
    posts = record_posts(page)
    page.get_by_role("button", name="Undo").dblclick()
    expect(page.locator(".alert-container--success")).to_contain_text("taken off your order again")
    assert len(posts) == 1
    assert added_items(orders) == 0


@pytest.mark.parametrize("way", ["reload", "back", "back and forward"])
def test_coming_back_to_the_page_acts_no_second_time(page, shop, link, orders, strict, way):
    posts = record_posts(page)
    page.goto(link)
    wait_for_success(page)
    if way == "reload":
        page.reload()
    else:
        page.goto(f"{shop.url}/elsewhere")
        page.go_back()
    if way == "back and forward":
        page.go_forward()
        page.go_back()
    page.wait_for_timeout(500)
    assert "og_" not in page.url
    assert len(posts) == 1
    assert added_items(orders) == 1


def test_two_tabs_at_once_act_once_and_both_say_so(page, link, orders, merchant):
    OneClickSettings.objects.filter(merchant=merchant).update(replay_seconds=600)
    other = page.context.new_page()
    page.goto(link)
    other.goto(link)
    wait_for_success(page)
    wait_for_success(other)
    assert added_items(orders) == 1
    assert sorted(Click.objects.values_list("replayed", flat=True)) == [False, True]


def test_a_slow_answer_is_waited_for_with_a_message(page, link, orders):
    held: list[Route] = []
    page.route(ACT, lambda route: held.append(route))
    page.goto(link)
    expect(page.locator(".alert-container--notice")).to_contain_text("One moment, please.")
    held[0].continue_()
    wait_for_success(page)


def test_an_answer_that_never_comes_is_given_up_after_twenty_seconds(page, link, orders):
    asked = []
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.route(ACT, lambda route: asked.append(route), times=1)
    page.goto(link)
    wait_until(lambda: page.clock.run_for(100) or bool(asked))
    page.clock.run_for(19_000)
    expect(page.locator(".alert-container--notice")).to_contain_text("One moment, please.")
    page.clock.run_for(1_500)
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")
    page.clock.resume()
    page.get_by_role("button", name="Try again").click()
    wait_for_success(page)
    assert added_items(orders) == 1


def test_a_retry_after_a_lost_answer_gets_the_first_result(page, link, orders, strict):
    """The request arrived and its answer did not: a later retry must not act again."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(ACT, lose, times=1)
    page.goto(link)
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")
    assert added_items(orders) == 1
    page.get_by_role("button", name="Try again").click()
    wait_for_success(page)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert added_items(orders) == 1


def test_an_undo_whose_answer_was_lost_is_reported_as_done_on_the_retry(page, link, orders, strict):
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.goto(link)
    wait_for_success(page)
    page.route("**/one_click/undo/**", lose, times=1)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")
    assert added_items(orders) == 0
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".alert-container--success")).to_contain_text("Honey was taken off your order again.")


@pytest.mark.parametrize(("status", "body"), [(502, "<h1>Bad gateway</h1>"), (200, "<h1>Log in to the café</h1>")])
def test_an_answer_of_a_proxy_counts_as_no_answer(page, link, orders, status, body):
    page.route(ACT, lambda route: route.fulfill(status=status, body=body, content_type="text/html"), times=1)
    page.goto(link)
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")
    page.get_by_role("button", name="Try again").click()
    wait_for_success(page)


def test_closing_the_banner_restores_the_focus(page, shop, merchant, portal, link):
    shop.load(portal, merchant.public_id.hex, body='<label>Search <input id="search"></label>')
    page.goto(link)
    wait_for_success(page)
    page.locator("#search").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_be_focused()


def test_no_listener_of_the_shop_hears_a_link_opened_in_the_same_tab(page, shop, merchant, portal, link):
    listen = (
        "window.heard = [];"
        "for (const name of ['popstate', 'hashchange'])"
        " addEventListener(name, event => heard.push(name, location.href, event.newURL || ''))"
    )
    shop.load(portal, merchant.public_id.hex, head=f"<script>{listen}</script>", inline="script-src")
    page.goto(f"{shop.url}/")
    page.evaluate("hash => { location.hash = hash }", link.split("#", 1)[1])
    wait_for_success(page)
    heard = page.evaluate("heard")
    assert "hashchange" in heard
    assert not [text for text in heard if "og_quick" in text]
