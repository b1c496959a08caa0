"""The preview of landing pages over HTTP, and the own domain's form."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from oneclick.admin.landing_preview import list_outcomes
from oneclick.models import LandingPage, MessageText, OneClickSettings, SavedLink
from subscriptions.models import Merchant, Role
from tests import factories as f
from tests.admin.pages import fill

PREVIEW = "/admin/oneclick/landingpage/preview/"
FIELDS = {"name": "New", "slug": "new", "title": "New", "heading": "Hello <you>", "accent_color": "#112233"}


@pytest.fixture
def merchant(db: None) -> Merchant:
    cache.clear()
    return f.MerchantFactory()


@pytest.fixture
def client(merchant: Merchant, login: Callable[..., Client]) -> Client:
    return login(merchant, Role.MARKETING)


def test_a_page_can_be_previewed_before_it_is_saved(merchant: Merchant, client: Client) -> None:
    answer = client.post(PREVIEW, {**FIELDS, "outcome": "delay.success", "error_color": "nonsense"})
    assert answer.status_code == 200
    assert "Hello &lt;you&gt;" in answer.text
    assert "--accent:#112233" in answer.text
    assert "nonsense" not in answer.text
    assert "Your order was delayed. Its new date is " in answer.text
    assert "<script" not in answer.text
    assert not LandingPage.objects.filter(slug="new").exists()


def test_every_outcome_has_its_banner_in_the_merchants_own_words(merchant: Merchant, client: Client) -> None:
    MessageText.objects.create(merchant=merchant, locale=merchant.locale, table="skip", code="other", text="Our words.")
    for group, choices in list_outcomes():
        for value, title in choices:
            text = client.post(PREVIEW, {**FIELDS, "outcome": value}).text
            assert text.count('class="alert-container alert-container--') == 1, (group, title)
            assert "{" not in text.partition('__text">')[2].partition("<")[0], (group, title)
    assert "Our words." in client.post(PREVIEW, {**FIELDS, "outcome": "skip.other"}).text


def test_the_preview_is_in_the_language_of_the_page(client: Client) -> None:
    shown = client.post(PREVIEW, {**FIELDS, "locale": "es", "outcome": "delay.success"}).text
    assert '<html lang="es"' in shown and "Su pedido se ha aplazado." in shown and "Deshacer" in shown
    assert (
        "¿Suscribirse a House blend? Cantidad: 1, cada 2 semanas. Precio antes de descuentos: 12,50 USD."
        in client.post(PREVIEW, {**FIELDS, "locale": "es", "outcome": "confirm.subscribe"}).text
    )
    assert '<html lang="en-us"' in client.post(PREVIEW, {**FIELDS, "locale": "xx", "outcome": ""}).text


def test_an_unknown_outcome_shows_the_page_without_a_banner(merchant: Merchant, client: Client) -> None:
    for outcome in ("", "delay", "delay.nothing", "confirm.all", "<b>.x"):
        assert "alert-container--" not in client.post(PREVIEW, {**FIELDS, "outcome": outcome}).text.split("</style>")[1]


def test_the_preview_is_for_those_who_may_edit(merchant: Merchant, login: Callable[..., Client]) -> None:
    page = f"/admin/oneclick/landingpage/{merchant.landing_pages.get().pk}/change/"
    for role in (Role.SUPPORT, Role.READ_ONLY):
        client = login(merchant, role)
        assert client.post(PREVIEW, FIELDS).status_code == 403
        assert PREVIEW not in client.get(page).text
    assert login(merchant, Role.MARKETING).get(PREVIEW).status_code == 405


def test_a_page_used_by_links_cannot_be_deleted_and_the_links_are_listed(merchant: Merchant, client: Client) -> None:
    page = merchant.landing_pages.get()
    address = f"/admin/oneclick/landingpage/{page.pk}/delete/"
    link = {"merchant": merchant, "action": "skip", "landing_page": page}
    SavedLink.objects.create(name="Skip it", **link)
    SavedLink.objects.create(name="Old one", archived=True, **link)
    for answer in (client.get(address, follow=True), client.post(address, {"post": "yes"}, follow=True)):
        assert "Choose another page for Old one (archived), Skip it first." in answer.text
    SavedLink.objects.update(landing_page=None)
    client.post(address, {"post": "yes"})
    assert not merchant.landing_pages.exists()


def test_a_domain_is_a_bare_host_name_other_than_the_portals(merchant: Merchant, client: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://portal.test"
    address = f"/admin/oneclick/oneclicksettings/{merchant.pk}/change/"
    for wrong in ("https://links.shop.test", "links.shop.test/a", "links", "10.0.0.1", "links.shop.test:80"):
        assert "host name only" in fill(client, address, landing_host=wrong), wrong
    assert "portal itself" in fill(client, address, landing_host="portal.test")
    assert fill(client, address, landing_host=" Links.Shop.test. ") == ""
    assert OneClickSettings.objects.get(merchant=merchant).landing_host == "links.shop.test"
    assert Client(headers={"Host": "links.shop.test"}).get("/").status_code == 200
    other = f.MerchantFactory()
    OneClickSettings.objects.filter(merchant=other).update(landing_host="taken.test")
    assert "already exists" in fill(client, address, landing_host="taken.test")
    assert fill(client, address, landing_host="") == ""
    assert OneClickSettings.objects.get(merchant=merchant).landing_host is None
