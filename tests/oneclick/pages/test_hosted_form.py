"""The form of a hosted page, sent by browsers, by scanners that submit forms, and by browsers with few headers."""

from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.test import Client

from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from tests.factories import LandingPageFactory

FIELDS = {
    "delay": {"days": "21"},
    "skip": {},
    "reactivate": {},
    "upsell": {"og_product_id": "HON-1"},
    "subscription_upsell": {"og_product_id": "HON-1", "og_every": "2", "og_every_period": "2"},
}
QUESTIONS = {
    "delay": "Delay your order by 21 days?",
    "skip": "Skip your upcoming order?",
    "reactivate": "Start your subscription again?",
    "upsell": "Add Honey to your upcoming order? Quantity: 1. Price before discounts: USD 8.00.",
    "subscription_upsell": "Subscribe to Honey? Quantity: 1, every 2 weeks. Price before discounts: USD 8.00.",
}
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PRESSED = {**HTML, "Sec-Fetch-User": "?1"}


class Form(HTMLParser):
    """A page's first form as a scanner reads it: its address and the preset fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.address = ""
        self.fields: dict[str, str] = {}
        self.ticks: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.address = self.address or given["action"]
        if tag in ("input", "button") and "name" in given:
            where = self.ticks if given.get("type") == "checkbox" else self.fields
            where[given["name"]] = given.get("value", "")


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def client() -> Client:
    return Client()


def page_of(shop, action: str, slug: str = "") -> str:
    token = shop.subscription_token() if action == "reactivate" else shop.order_token()
    query = "&".join(f"{name}={value}" for name, value in {**FIELDS[action], "action": action}.items())
    address = f"/l/{shop.merchant.public_id.hex}/{slug}?token={encode_token(token)}&{query}"
    return Client().get(address, headers=HTML).text


def is_token_used() -> bool:
    return ActionToken.objects.filter(used_at__isnull=False).exists()


@pytest.mark.parametrize("action", FIELDS)
def test_a_press_in_a_browser_acts_and_offers_undo_on_the_same_page(shop, client, noon, action):
    LandingPageFactory(merchant=shop.merchant, slug="summer", heading="Summer", is_default=False)
    page = page_of(shop, action, "summer/")
    assert QUESTIONS[action] in page
    form = Form(page)
    noon.shift(1.5)
    answer = client.post(form.address, form.fields, headers=PRESSED)
    assert answer.status_code == 200
    assert "alert-container--success" in answer.text
    assert "Summer" in answer.text
    assert is_token_used()
    undo = Form(answer.text)
    undone = client.post(undo.address, undo.fields, headers=PRESSED)
    assert "alert-container--success" in undone.text
    assert "Summer" in undone.text
    assert ActionToken.objects.filter(undone_at__isnull=False).exists()


@pytest.mark.parametrize("action", FIELDS)
@pytest.mark.parametrize("headers", [{}, HTML, {"Accept": "*/*"}])
def test_a_scanner_that_submits_forms_is_asked_to_tick_a_box_and_changes_nothing(shop, client, noon, action, headers):
    form = Form(page_of(shop, action))
    noon.shift(60)
    answer = client.post(form.address, form.fields, headers=headers)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert not is_token_used()
    again = Form(answer.text)
    noon.shift(60)
    assert client.post(again.address, again.fields, headers=headers).status_code == 200
    assert not is_token_used()
    assert again.ticks == {"sure": "yes"}
    ticked = client.post(again.address, again.fields | again.ticks, headers=HTML)
    assert "alert-container--success" in ticked.text
    assert is_token_used()


@pytest.mark.parametrize(("headers", "tick"), [(PRESSED, False), (HTML, True)], ids=["button", "box"])
@pytest.mark.parametrize(
    ("stamp", "acts"),
    [("1795194000000", False), ("1795193999500", False), ("1795193997900", True), ("1795197600000", False)]
    + [(wrong, False) for wrong in ("", "yes", "-1", "9" * 400, "٣")],
)
def test_a_form_that_comes_sooner_than_people_press_is_asked_again(shop, client, headers, tick, stamp, acts):
    """It is 1795194000 seconds: the third page was shown for 2.1 s."""
    form = Form(page_of(shop, "delay"))
    assert form.fields["on_page"] == "1795194000000"
    fields = form.fields | {"on_page": stamp} | ({"sure": "yes"} if tick else {})
    answer = client.post(form.address, fields, headers=headers)
    assert is_token_used() == acts
    assert (Form(answer.text).ticks == {"sure": "yes"}) != acts


@pytest.mark.parametrize("action", FIELDS)
def test_a_get_of_the_api_leads_to_the_landing_page_with_all_parameters_in_the_fragment(shop, client, action):
    token = shop.subscription_token() if action == "reactivate" else shop.order_token()
    text = encode_token(token)
    answer = client.get(f"/one_click/{action}/", {"token": text, **FIELDS[action], "og_quantity": "2"}, headers=HTML)
    assert answer.status_code == 303
    page, _, fragment = answer["Location"].partition("#")
    assert page.endswith(f"/l/{shop.merchant.public_id.hex}/")
    found = dict(pair.split("=") for pair in fragment.split("#"))
    days = {"og_delay_by" if name == "days" else name: value for name, value in FIELDS[action].items()}
    expected = {
        "og_quick_action": action,
        "og_quick_action_token": text,
        "og_quantity": "2",
        **days,
        "og_visit": "fetched",
    }
    assert found == expected
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not is_token_used()


def test_a_forged_token_in_a_browser_is_refused_on_a_page(shop, client):
    answer = client.get("/one_click/skip/?token=forged", headers=HTML)
    assert answer.status_code == 400
    assert "The link is invalid. Your order was not skipped." in answer.text
    assert answer["Content-Security-Policy"]


def test_the_names_of_a_fragment_are_understood_in_the_query_too(shop, client):
    text = encode_token(shop.order_token())
    query = f"og_quick_action=delay&og_quick_action_token={text}&og_delay_by=7"
    form = Form(client.get(f"/l/{shop.merchant.public_id.hex}/?{query}").text)
    assert form.fields == {"on_page": form.fields["on_page"], "token": text, "days": "7"}


@pytest.mark.parametrize("days", ["abc", "1.5", "-3", "9" * 40])
def test_an_invalid_amount_is_shown_as_it_was_sent(shop, client, days):
    text = encode_token(shop.order_token())
    page = client.get(f"/l/{shop.merchant.public_id.hex}/", {"action": "delay", "token": text, "days": days})
    assert f"Delay your order by {days}?" in page.text
