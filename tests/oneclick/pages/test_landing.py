import pytest

from oneclick.models import LandingPage
from oneclick.pages.page_policy import page_style, support_address, web_address
from subscriptions.models import Merchant
from tests.factories import LandingPageFactory, MerchantFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant():
    return MerchantFactory(name="Harbour <Coffee>", shop_url="https://shop.test/")


@pytest.fixture
def address(merchant):
    return f"/l/{merchant.public_id.hex}/"


def test_the_page_shows_the_merchants_texts_and_links_to_its_shop(client, merchant, address):
    LandingPage.objects.filter(merchant=merchant).update(
        heading="Welcome <back>", text="One\n\nTwo", support_contact="help@shop.test", accent_color="#aa0011"
    )
    response = client.get(address)
    body = response.text
    assert "Welcome &lt;back&gt;" in body
    assert "Harbour &lt;Coffee&gt;" in body
    assert "<p>One</p>" in body
    assert 'href="mailto:help@shop.test"' in body
    assert 'href="https://shop.test/"' in body
    assert "--accent:#aa0011;--on-accent:#fff" in body
    assert f'src="/{merchant.public_id.hex}/main.js"' in body


@pytest.mark.parametrize(
    ("locale", "written"), [("ar-eg", 'lang="ar-eg" dir="rtl"'), ("fr-fr", 'lang="fr-fr" dir="ltr"')]
)
def test_the_page_has_the_direction_of_the_merchants_language(client, merchant, address, locale, written):
    Merchant.objects.filter(pk=merchant.pk).update(locale=locale)
    assert written in client.get(address).text


def test_a_page_has_a_language_of_its_own(client, merchant, address):
    LandingPageFactory(merchant=merchant, slug="es", locale="es", is_default=False, support_contact="help@shop.test")
    body = client.get(f"{address}es/?token=T&action=delay").text
    for words in (
        '<html lang="es" dir="ltr">',
        "Continuar a la tienda",
        "¿Aplazar su pedido 14 días?",
        "Deshacer",
        'data-locale="es"',
    ):
        assert words in body
    plain = client.get(address).text
    assert '<html lang="en-us"' in plain and "data-texts" not in plain


def test_the_pages_headers_keep_foreign_content_out(client, address):
    response = client.get(address)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-" in policy
    assert "unsafe" not in policy
    assert policy.endswith("form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies


def test_the_merchants_own_style_sheet_is_loaded_and_allowed(client, merchant, address):
    LandingPage.objects.filter(merchant=merchant).update(css_url="https://cdn.shop.test/a.css")
    response = client.get(address)
    assert '<link rel="stylesheet" href="https://cdn.shop.test/a.css">' in response.text
    assert "' https://cdn.shop.test;" in response["Content-Security-Policy"]


def test_a_style_sheets_host_with_an_umlaut_is_allowed_in_its_ascii_form(client, merchant, address):
    LandingPage.objects.filter(merchant=merchant).update(css_url="https://Rösterei.test:443/a.css")
    policy = client.get(address)["Content-Security-Policy"]
    assert "' https://xn--rsterei-90a.test; img-src" in policy


def test_each_page_has_its_slug_and_another_merchants_page_is_not_found(client, merchant, address):
    LandingPageFactory(merchant=merchant, slug="summer", heading="Summer", is_default=False)
    stranger = MerchantFactory()
    assert "Summer" in client.get(f"{address}summer/").text
    assert "Good to see you" in client.get(address).text
    foreign = client.get(f"/l/{stranger.public_id.hex}/summer/")
    assert (foreign.status_code, "Summer" in foreign.text) == (404, False)
    assert client.get(f"/l/{'0' * 32}/").status_code == 404


@pytest.mark.parametrize("query", ["", "?token=T&action=skip"])
def test_links_to_a_deleted_page_find_the_default_one(client, merchant, address, query):
    page = LandingPageFactory(merchant=merchant, slug="summer", heading="Summer", is_default=False)
    page.delete()
    for _ in range(2):
        answer = client.get(f"{address}summer/{query}")
        assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")
        assert "Good to see you" in answer.text and "main.js" in answer.text
        assert ("<form" in answer.text) is bool(query)
    LandingPage.objects.filter(merchant=merchant).update(slug="summer")
    assert client.get(f"{address}summer/{query}").status_code == 200


def test_a_merchant_without_a_page_still_has_one(client, address):
    LandingPage.objects.all().delete()
    response = client.get(address)
    assert response.status_code == 200
    assert "Your subscription" in response.text


def test_a_link_in_the_query_becomes_a_form_for_browsers_without_scripts(client, merchant, address):
    ProductFactory(merchant=merchant, external_product_id="HON-1")
    query = 'token="T&action=upsell&og_product_id=HON-1&og_every=2&og_every_period=3&x=1'
    response = client.get(f"{address}?{query}")
    body = response.text
    assert f'<form method="post" action="/one_click/upsell/?merchant={merchant.public_id.hex}">' in body
    assert '<input type="hidden" name="token" value="&quot;T">' in body
    assert '<input type="hidden" name="og_every" value="2">' in body
    assert 'name="x"' not in body
    assert "Subscribe" in body
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["", "?token=T", "?token=T&action=reset", "?action=delay", "?token=T&action=upsell"])
def test_an_incomplete_link_gets_no_form(client, address, query):
    assert "<form" not in client.get(address + query).text


@pytest.mark.parametrize(
    ("color", "letters"), [("#ffee00", "#000"), ("#1f6f4a", "#fff"), ("#000000", "#fff"), ("red}", "#fff")]
)
def test_text_on_the_accent_colour_is_readable_and_only_colours_are_accepted(color, letters):
    css = page_style(LandingPage(accent_color=color))
    assert f"--on-accent:{letters}" in css
    assert "red" not in css


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("https://shop.test/a?b=c", True),
        ("http://127.0.0.1:8000/a.css", True),
        ("javascript:alert(1)", False),
        ("https://a.test; script-src *", False),
        ("https://a.test/;x", False),
        ("", False),
    ],
)
def test_only_web_addresses_are_accepted_in_links_and_headers(text, allowed):
    assert web_address(text) == (text if allowed else "")


@pytest.mark.parametrize(
    ("contact", "address"),
    [("a@shop.test", "mailto:a@shop.test"), ("+1 (501) 329-9800", "tel:+15013299800"), ("at the till", "")],
)
def test_a_support_contact_becomes_a_link_where_it_can(contact, address):
    assert support_address(contact) == address
