"""Each action from the click on the shop's page to its undo, and the customer's messages for errors."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from oneclick.models import ActionToken, OneClickSettings
from subscriptions.actions import subscription as verbs
from tests.browser.links import ACTIONS, ASKED, LINKS, SUCCESS, UNDONE, order_state, token_for
from tests.factories import STAFF

FORGED = {
    "delay": "The link is invalid. Your subscription was not reactivated.",
    "skip": "The link is invalid. Your order was not skipped.",
    "reactivate": "The link is invalid. Your subscription was not reactivated.",
    "product": "The link is invalid. The product was not added to your order.",
    "subscription": "The link is invalid. The subscription was not created.",
}


def banner(page: Page, kind: str = "success"):
    return page.locator(f".alert-container--{kind}")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_click_acts_at_once_and_undo_puts_everything_back(page, shop, orders, action):
    token = token_for(action, orders)
    before = order_state(orders)
    page.goto(f"{shop.url}/{LINKS[action]}#og_quick_action_token={token}")
    expect(banner(page)).to_contain_text(SUCCESS[action])
    assert page.url == f"{shop.url}/"
    assert order_state(orders) != before
    page.get_by_role("button", name="Undo").click()
    expect(banner(page)).to_contain_text(UNDONE[action])
    assert order_state(orders) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_with_confirmation_nothing_happens_before_the_press(page, shop, orders, action):
    question, button = ASKED[action]
    before = order_state(orders) if action != "reactivate" else None
    token = token_for(action, orders)
    page.goto(f"{shop.url}/{LINKS[action]}#og_mode=confirm#og_quick_action_token={token}")
    expect(banner(page, "notice")).to_contain_text(question)
    assert not ActionToken.objects.filter(used_at__isnull=False).exists()
    assert before is None or order_state(orders) == before
    page.get_by_role("button", name=button, exact=True).click()
    expect(banner(page)).to_contain_text(SUCCESS[action])
    assert ActionToken.objects.filter(used_at__isnull=False).count() == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_a_forged_token_is_refused_in_the_words_of_its_action(page, shop, merchant, action):
    page.goto(f"{shop.url}/{LINKS[action]}#og_quick_action_token=forged")
    expect(page.get_by_role("alert")).to_have_text(FORGED[action])


def test_a_delay_moves_the_order_from_its_own_date(page, shop, orders):
    order, token = orders.order, token_for("delay", orders)
    page.goto(f"{shop.url}/{LINKS['delay']}#og_quick_action_token={token}")
    expect(banner(page)).to_be_visible()
    assert orders.order.place_date == order.place_date + timedelta(days=21)


def test_undo_is_refused_clearly_once_something_else_changed(page, shop, orders):
    page.goto(f"{shop.url}/{LINKS['skip']}#og_quick_action_token={token_for('skip', orders)}")
    expect(banner(page)).to_contain_text(SUCCESS["skip"])
    verbs.cancel(orders.subscriptions[1], actor=STAFF)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("alert")).to_have_text("Something was changed since, so this can no longer be undone.")


def test_a_link_may_act_at_once_where_the_merchant_asks_first(page, shop, orders, merchant):
    OneClickSettings.objects.filter(merchant=merchant).update(confirm_actions=["skip"])
    token = token_for("skip", orders)
    page.goto(f"{shop.url}/{LINKS['skip']}#og_mode=instant#og_quick_action_token={token}")
    expect(banner(page)).to_contain_text(SUCCESS["skip"])
