"""Warnings for staff before customers get a link."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from integrations.models import Connection
from integrations.page_fetch import fetch_page
from oneclick.links import link_warnings, shop_page
from oneclick.models import OneClickSettings, SavedLink
from subscriptions.models import Merchant, Offer, OfferProfile, Product
from tests.factories import ConnectionFactory, MerchantFactory, ProductFactory

REMINDER = "ordergroove.order.reminder"


@pytest.fixture
def merchant(db: None) -> Iterator[Merchant]:
    cache.clear()
    made: Merchant = MerchantFactory()
    ConnectionFactory(merchant=made, name="Main")
    yield made
    cache.clear()


def warnings_of(merchant: Merchant, action: str = "delay", **fields: Any) -> list[str]:
    link = SavedLink(merchant=merchant, action=action, **fields)
    return link_warnings.find_link_warnings(link, OneClickSettings.objects.get(merchant=merchant))


def test_a_sound_link_has_no_warning(merchant: Merchant) -> None:
    assert warnings_of(merchant) == []
    assert warnings_of(merchant, page_url="https://shop.test/pages/one-click?utm_source=x") == []


@pytest.mark.parametrize(
    "path", ["account", "account/orders", "accounts/", "my-account/", "Customer/Account", "login", "sign_in?next=/"]
)
def test_a_page_in_the_account_area_is_warned_about(merchant: Merchant, path: str) -> None:
    (sentence,) = warnings_of(merchant, page_url=f"https://shop.test/{path}")
    assert sentence.startswith("This page looks like part of the account area.")


@pytest.mark.parametrize("path", ["", "accounting", "pages/accountability", "blog/login-free"])
def test_other_pages_are_not_warned_about(merchant: Merchant, path: str) -> None:
    assert warnings_of(merchant, page_url=f"https://shop.test/{path}") == []


def test_a_page_of_an_unregistered_origin_is_warned_about(merchant: Merchant) -> None:
    (sentence,) = warnings_of(merchant, page_url="https://www.shop.test/")
    assert sentence.startswith("https://www.shop.test is not among the shop's origins")


@pytest.mark.parametrize("page", ["https://SHOP.test/", "https://shop.test:443/a"])
def test_spellings_of_one_origin_are_equal(merchant: Merchant, page: str) -> None:
    assert warnings_of(merchant, page_url=page) == []


def test_an_unavailable_product_is_warned_about(merchant: Merchant) -> None:
    product = ProductFactory(merchant=merchant, name="Honey", autoship_enabled=False)
    once = {"og_product_id": product.external_product_id}
    often = {**once, "og_every": "1", "og_every_period": "3"}
    assert warnings_of(merchant, "upsell", parameters=once) == []
    assert warnings_of(merchant, "upsell", parameters=often) == ["Honey cannot be subscribed to; the link is refused."]
    Product.objects.update(live=False, upsell_eligible=False)
    assert warnings_of(merchant, "upsell", parameters=once) == [
        "Honey is out of stock; the link is refused until it is back.",
        "Honey may not be added to orders; the link is refused.",
    ]
    Product.objects.update(discontinued=True)
    assert warnings_of(merchant, "upsell", parameters=once) == ["Honey is discontinued; the link is refused."]
    foreign = ProductFactory(external_product_id="X-1")
    gone = "Product X-1 no longer exists; the link is refused."
    assert warnings_of(merchant, "upsell", parameters={"og_product_id": foreign.external_product_id}) == [gone]


def test_a_discount_not_usable_in_links_is_warned_about(merchant: Merchant) -> None:
    profile = OfferProfile.objects.create(merchant=merchant, name="Back")
    offer = Offer.objects.create(merchant=merchant, profile=profile, name="15 %", usable_in_links=True)
    parameters = {"winback_id": offer.public_id.hex}
    assert warnings_of(merchant, "reactivate", parameters=parameters) == []
    Offer.objects.update(live=False)
    assert len(warnings_of(merchant, "reactivate", parameters=parameters)) == 1


def test_settings_that_let_no_link_act_are_warned_about(merchant: Merchant) -> None:
    OneClickSettings.objects.update(enabled=False, require_signed_links=True)
    off, unsigned = warnings_of(merchant)
    assert off.startswith("1-Click is off")
    assert unsigned.startswith("Your settings allow signed links only.")


def test_a_connection_that_sends_no_token_is_warned_about(merchant: Merchant) -> None:
    assert warnings_of(merchant, esp="attentive") == [
        "The connection to Attentive is not set up, so no message will have a token."
    ]
    assert warnings_of(merchant, esp="other") == []
    Connection.objects.update(switched_off_kinds=[REMINDER])
    assert warnings_of(merchant) == ["Main does not send Order Reminder, which would carry the token."]
    assert warnings_of(merchant, "reactivate") == []
    Connection.objects.update(switched_off_kinds=["ordergroove.subscription.create"])
    assert warnings_of(merchant, "reactivate") == []
    kinds = ["ordergroove.subscription.create"]
    assert len(warnings_of(merchant, "reactivate", event_kinds=kinds)) == 1
    Connection.objects.update(switched_off_kinds=[], paused_reason="The key is wrong.")
    assert warnings_of(merchant) == ["Main is paused: The key is wrong."]
    Connection.objects.update(enabled=False)
    assert warnings_of(merchant) == ["The connection to Klaviyo is switched off, so no message will have a token."]


class Door:
    """Answers with this page, and counts its requests."""

    def __init__(self, page: shop_page.Page | Exception) -> None:
        self.page, self.asked = page, 0

    def __call__(self, url: str) -> shop_page.Page:
        self.asked += 1
        if isinstance(self.page, Exception):
            raise self.page
        return self.page


@pytest.mark.parametrize(
    ("page", "fine", "begins"),
    [
        (shop_page.Page(200, "", "<script src='https://portal.test/ID/main.js'>"), True, "The page loads your script."),
        (shop_page.Page(200, "", "<h1>Shop</h1>"), False, "Your script is not in the page's source"),
        (shop_page.Page(302, "/login", ""), False, "The page redirects to /login"),
        (shop_page.Page(404, "", ""), False, "The page responds with an error (404)."),
        (shop_page.Unreadable("no."), False, "The page could not be read: no."),
    ],
)
def test_a_page_of_the_shop_is_fetched_at_most_once_a_minute(
    merchant: Merchant, monkeypatch: Any, page: Any, fine: bool, begins: str
) -> None:
    if isinstance(page, shop_page.Page):
        page = shop_page.Page(page.status, page.location, page.html.replace("ID", merchant.public_id.hex))
    door = Door(page)
    monkeypatch.setattr(shop_page, "import_string", lambda name: door)
    link = SavedLink(merchant=merchant, page_url="https://shop.test/")
    found = shop_page.check_shop_page(link)
    assert (found.ok, found.sentence.startswith(begins)) == (fine, True)
    assert shop_page.check_shop_page(link) == found and door.asked == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "https://127.0.0.1:9/", "https://user@shop.test/", "https://"])
def test_pages_are_fetched_by_the_rules_for_outbound_requests(url: str) -> None:
    with pytest.raises(shop_page.Unreadable):
        fetch_page(url)
