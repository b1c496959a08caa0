"""The question beside a link's button: an upsell names its product and price, or says why it cannot act."""

import json

import pytest
from django.core.cache import cache
from django.http import HttpResponse

from oneclick.models import Action, ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.models import Merchant
from tests.factories import LandingPageFactory
from tests.oneclick.shop import Shop

PRODUCT = {"og_product_id": "HON-1"}
SUBSCRIPTION = {**PRODUCT, "og_every": "2", "og_every_period": "3"}
SUBSCRIBE = "Subscribe to Honey? Quantity: 1, every 2 months. Price before discounts: USD 8.00."
ADD = "Add Honey to your upcoming order? Quantity: 3. Price before discounts: USD 8.00."


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def token(shop: Shop) -> ActionToken:
    return shop.order_token()


def ask(shop: Shop, token: ActionToken, query: str = "", **fields: str) -> HttpResponse:
    """Report the opened link as the script does."""
    body = json.dumps({"token": encode_token(token), "action": "upsell", **fields})
    address = f"/one_click/opened/?merchant={shop.merchant.public_id.hex}{query}"
    return shop.client.post(address, body, "application/json")


def asked(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def test_an_upsell_names_product_quantity_and_price(shop: Shop, token: ActionToken) -> None:
    assert asked(ask(shop, token, **PRODUCT, og_quantity="3")) == (200, ADD)
    assert asked(ask(shop, token, **SUBSCRIPTION)) == (200, SUBSCRIBE)


def test_the_question_speaks_the_language_of_its_page(shop: Shop, token: ActionToken) -> None:
    LandingPageFactory(merchant=shop.merchant, slug="tee", locale="de", is_default=False)
    german = "Honey Ihrer nächsten Bestellung hinzufügen? Menge: 1. Preis vor Rabatten: 8,00 USD."
    assert asked(ask(shop, token, "&page=tee", **PRODUCT)) == (200, german)
    Merchant.objects.filter(pk=shop.merchant.pk).update(locale="fr", currency_code="EUR")
    cache.clear()
    french = "Ajouter Honey à votre prochaine commande ? Quantité : 1. Prix avant remises : 8,00 EUR."
    assert asked(ask(shop, token, **PRODUCT)) == (200, french)


def test_a_product_page_in_another_language_does_not_change_the_shops_own_pages(shop: Shop, token: ActionToken) -> None:
    shop.merchant.landing_pages.update(is_default=False)
    LandingPageFactory(merchant=shop.merchant, slug="tee", locale="de", is_default=True)
    assert asked(ask(shop, token, **PRODUCT, og_quantity="3")) == (200, ADD)


@pytest.mark.parametrize(
    ("changed", "fields", "code", "sentence"),
    [
        ({"live": False}, PRODUCT, "invalid_og_product_id", "was not added to your order."),
        ({"upsell_eligible": False}, PRODUCT, "invalid_og_product_id", "was not added to your order."),
        ({"autoship_enabled": False}, SUBSCRIPTION, "invalid_og_product_id", "The subscription was not created."),
        ({}, {}, "missing_og_product_id", '"missing_og_product_id".'),
    ],
)
def test_a_link_that_cannot_act_says_so_before_the_press(
    shop: Shop, token: ActionToken, changed: dict[str, bool], fields: dict[str, str], code: str, sentence: str
) -> None:
    shop.merchant.products.filter(pk=shop.product.pk).update(**changed)
    answer = ask(shop, token, **fields)
    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert answer.json()["message"].endswith(sentence)


def test_a_one_time_upsell_needs_no_product_that_can_be_subscribed_to(shop: Shop, token: ActionToken) -> None:
    shop.merchant.products.filter(pk=shop.product.pk).update(autoship_enabled=False)
    assert asked(ask(shop, token, **PRODUCT, og_quantity="3")) == (200, ADD)


def test_a_page_without_scripts_says_why_instead_of_offering_a_button(shop: Shop, token: ActionToken) -> None:
    shop.merchant.products.filter(pk=shop.product.pk).update(live=False)
    query = {"action": Action.UPSELL, "token": encode_token(token), **PRODUCT}
    page = shop.client.get(f"/l/{shop.merchant.public_id.hex}/", query)
    assert page.status_code == 200
    assert "The product is unavailable or invalid. The product was not added to your order." in page.text
    assert "<form" not in page.text and "JavaScript" not in page.text


def test_a_link_of_another_merchant_gets_no_question(shop: Shop, token: ActionToken) -> None:
    other = Shop(LandingPageFactory().merchant, shop.customer, [], shop.product)
    assert (ask(other, token, **PRODUCT).status_code, ask(other, token, **PRODUCT).content) == (204, b"")
