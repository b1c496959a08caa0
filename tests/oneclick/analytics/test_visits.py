"""Visits before any action, over HTTP: who counts as a person and who as a likely machine."""

import json
from collections.abc import Callable

import pytest
from django.http import HttpResponse

from oneclick.models import ActionToken, Click, LandingPage
from oneclick.tokens.token_text import encode_token
from tests.factories import MerchantFactory
from tests.oneclick.shop import Shop

HTML = {"Accept": "text/html"}
SHOP = "https://shop.test"
MINUTES_AGO = "1795193700000"  # a page that was shown five minutes before noon
Noted = list[tuple[str, str, bool, bool]]


def recorded_visits() -> Noted:
    """(action, outcome, whether it is an opening, whether it is a likely machine) of each click."""
    return list(Click.objects.order_by("pk").values_list("action", "outcome", "opens", "likely_machine"))


@pytest.fixture
def token(shop: Shop) -> ActionToken:
    return shop.order_token()


@pytest.fixture
def script(shop: Shop, token: ActionToken) -> Callable[..., HttpResponse]:
    """Post to `name` as main.js does, with what it says about visit and page in the query."""

    def send(name: str, body: dict[str, str] | None = None, text: str = "", **query: str) -> HttpResponse:
        told = {"merchant": shop.merchant.public_id.hex, "attempt": "a1", "visit": "", **query}
        address = f"/one_click/{name}/?" + "&".join(f"{key}={value}" for key, value in told.items())
        fields = {"token": text or encode_token(token), "action": "delay", **(body or {})}
        return shop.client.post(address, json.dumps(fields), "application/json", headers={"Origin": SHOP})

    return send


def test_an_immediate_click_counts_as_opening_and_action(script: Callable[..., HttpResponse]) -> None:
    script("delay")
    assert recorded_visits() == [("delay", "success", True, False)]


def test_a_shown_button_counts_as_an_opening_and_its_press_does_not(script: Callable[..., HttpResponse]) -> None:
    answer = script("opened", page="welcome")
    asked = {"status": "success", "message": "Delay your order by 14 days?"}
    assert (answer.status_code, answer.json(), answer["Access-Control-Allow-Origin"]) == (200, asked, SHOP)
    script("delay", visit="told", page="welcome")
    assert recorded_visits() == [("delay", "opened", True, False), ("delay", "success", False, False)]
    assert set(Click.objects.values_list("landing_page", flat=True)) == {LandingPage.objects.get().pk}


def test_a_browser_driven_by_a_program_is_a_likely_machine(script: Callable[..., HttpResponse]) -> None:
    script("opened", signs="9")
    assert recorded_visits() == [("delay", "opened", True, True)]


def test_a_browser_that_calls_itself_a_bot_is_a_likely_machine(shop: Shop, token: ActionToken) -> None:
    body = {"token": encode_token(token)}
    shop.client.post("/one_click/delay/", body, headers={"User-Agent": "HeadlessChrome/140"})
    assert recorded_visits() == [("delay", "success", True, True)]


@pytest.mark.parametrize("address", ["/one_click/delay/?", "/l/{}/?action=delay&", "/l/{}/welcome/?action=delay&"])
def test_head_and_get_are_likely_machines(shop: Shop, token: ActionToken, address: str) -> None:
    address = address.format(shop.merchant.public_id.hex) + f"token={encode_token(token)}"
    shop.client.head(address)
    shop.client.get(address, headers=HTML)
    assert recorded_visits() == [("delay", "fetched", True, True)] * 2
    assert Click.objects.filter(landing_page__slug="welcome").count() == 2


def test_the_person_behind_a_get_is_counted_once(
    shop: Shop, token: ActionToken, script: Callable[..., HttpResponse]
) -> None:
    answer = shop.client.get(f"/one_click/delay/?token={encode_token(token)}", headers=HTML)
    assert "#og_visit=fetched" in answer["Location"]
    script("delay", visit="fetched", page="welcome")
    assert recorded_visits() == [("delay", "fetched", True, False), ("delay", "success", False, False)]


def test_a_page_with_a_link_says_that_its_visit_was_recorded(shop: Shop, token: ActionToken) -> None:
    path = f"/l/{shop.merchant.public_id.hex}/"
    told = 'data-page="welcome" data-visit="fetched"'
    assert told in shop.client.get(f"{path}?action=delay&token={encode_token(token)}").text
    plain = shop.client.get(path).text
    assert 'data-page="welcome"' in plain and "data-visit" not in plain


def test_a_form_sent_by_a_fetcher_is_distinguished_from_a_pressed_one(shop: Shop, token: ActionToken) -> None:
    fields = {"token": encode_token(token), "on_page": MINUTES_AGO}
    shop.client.get(f"/l/{shop.merchant.public_id.hex}/?action=delay&token={encode_token(token)}", headers=HTML)
    shop.client.post("/one_click/delay/", fields, headers=HTML)
    assert recorded_visits() == [("delay", "fetched", True, True), ("delay", "unpressed", False, True)]
    shop.client.post("/one_click/delay/", fields, headers=HTML | {"Sec-Fetch-User": "?1"})
    assert recorded_visits() == [
        ("delay", "fetched", True, False),
        ("delay", "unpressed", False, True),
        ("delay", "success", False, False),
    ]


def test_a_fetcher_that_ticks_the_box_is_a_likely_machine(shop: Shop, token: ActionToken) -> None:
    shop.client.post("/one_click/delay/", {"token": encode_token(token), "on_page": MINUTES_AGO, "sure": "yes"})
    assert recorded_visits() == [("delay", "success", False, True)]


def test_a_forged_token_costs_no_query(
    shop: Shop, script: Callable[..., HttpResponse], django_assert_num_queries: Callable[..., object]
) -> None:
    script("opened")
    with django_assert_num_queries(0):
        assert script("opened", text="forged").status_code == 204
        shop.client.head("/one_click/delay/?token=forged")
        shop.client.get("/one_click/delay/?token=forged")
    assert len(recorded_visits()) == 1


def test_no_visit_is_recorded_for_other_merchants_origins_and_unknown_actions(
    shop: Shop, token: ActionToken, script: Callable[..., HttpResponse]
) -> None:
    other = MerchantFactory().public_id.hex
    script("opened", merchant=other)
    script("opened", {"action": "explode"})
    text = encode_token(token)
    shop.client.get(f"/l/{other}/?action=delay&token={text}")
    address = f"/one_click/opened/?merchant={shop.merchant.public_id.hex}"
    body = json.dumps({"token": text, "action": "delay"})
    shop.client.post(address, body, "application/json", headers={"Origin": "https://evil.test"})
    assert shop.client.get(address).status_code == 405
    assert recorded_visits() == []


def test_more_than_thirty_visits_of_a_token_in_a_minute_are_not_recorded(shop: Shop, token: ActionToken) -> None:
    for _ in range(32):
        assert shop.client.head(f"/one_click/delay/?token={encode_token(token)}").status_code == 200
    assert len(recorded_visits()) == 30


@pytest.mark.parametrize("text", ["\0", "\ud800"], ids=["NUL", "half a character"])
@pytest.mark.parametrize("name", ["page", "attempt", "og_link", "og_sig", "days", "og_product_id"])
def test_text_the_database_cannot_hold_does_no_harm(script: Callable[..., HttpResponse], name: str, text: str) -> None:
    assert script("opened", {name: text}).status_code == 200
    expected = 400 if name in ("og_link", "og_sig", "days") else 200
    assert script("delay", {name: text}).status_code == expected


def test_a_page_name_the_database_cannot_hold_means_the_default_page(shop: Shop, token: ActionToken) -> None:
    query = f"token={encode_token(token)}&page=%00"
    assert shop.client.get(f"/l/{shop.merchant.public_id.hex}/?action=delay&days=%00&{query}").status_code == 200
    assert shop.client.head(f"/one_click/delay/?{query}").status_code == 200
    form = {"token": "forged", "on_page": MINUTES_AGO, "sure": "yes"}
    address = f"/one_click/delay/?merchant={shop.merchant.public_id.hex}&page=%00"
    assert shop.client.post(address, form, headers=HTML).status_code == 400


def test_a_landing_page_is_recorded_under_its_own_name_whatever_the_link_says(shop: Shop, token: ActionToken) -> None:
    LandingPage.objects.create(merchant=shop.merchant, slug="tea", title="Tea", heading="Tea")
    query = {"action": "delay", "token": encode_token(token), "page": "2"}
    shop.client.get(f"/l/{shop.merchant.public_id.hex}/tea/", query)
    assert Click.objects.get().landing_page.slug == "tea"
