"""The parameters the script takes out of an address, those it leaves, and those it sends."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

SENT = {"token": "T", "days": "21"}


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("/#og_quick_action=delay#og_delay_by=21#og_quick_action_token=T", "/"),
        ("/#og_quick_action_token=T&og_delay_by=21&og_quick_action=delay", "/"),
        ("/#og_quick_action=delay%23og_delay_by=21%23og_quick_action_token=T", "/"),
        ("/#og_quick_action%3Ddelay%23og_delay_by%3D21%23og_quick_action_token%3DT", "/"),
        ("/%23og_quick_action=delay%23og_delay_by=21%23og_quick_action_token=T", "/"),
        (
            "/?utm_source=a%23og_quick_action=delay%23og_delay_by=21%23og_quick_action_token=T",
            "/?utm_source=a",
        ),
        (
            "/tea?a=1#_kx=k#og_quick_action=delay#b#og_delay_by=21#og_quick_action_token=T#c=%20",
            "/tea?a=1#_kx=k#b#c=%20",
        ),
        ("/#og_quick_action=delay&amp;og_delay_by=21&amp;og_quick_action_token=T?utm_id=4", "/#utm_id=4"),
        ("/?gclid=g&token=T&action=delay&days=21&x=1#top", "/?gclid=g&x=1#top"),
        ("/?token=T&x=1&action=delay&days=21", "/?x=1"),
        ("/?gclid=g&amp;token=T&amp;action=delay&amp;days=21&amp;x=1#top", "/?gclid=g&amp;x=1#top"),
        ("/?token=T&amp;x=1&amp;amp;action=delay%26amp%3Bdays%3D21", "/?x=1"),
        ("/?action=delay%23days=21%23token=T", "/"),
        ("/#og_quick_action=delay&amp;amp;og_delay_by=21%26amp%3Bog_quick_action_token=T", "/"),
        ("/#og_quick_action=delay&amp%3Bog_delay_by=21&amp%3Bog_quick_action_token%3DT", "/"),
    ],
)
def test_every_spelling_of_a_link_is_read_and_foreign_parameters_stay(page, shop, merchant, address, left):
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.goto(shop.url + address)
    assert urlsplit(sent.value.url).path == "/one_click/delay/"
    assert sent.value.post_data_json == SENT
    assert page.evaluate("location.href.slice(location.origin.length)") == left


UPSELL = {
    "og_product_id": "TEA 1/2",
    "og_offer_id": "0f",
    "og_every": "2",
    "og_every_period": "3",
    "og_quantity": "4",
    "og_link": "ab",
    "og_sig": "AQ-_",
}
UPSELL_IN_LINK = (
    "og_product_id=TEA%201%2F2 og_offer_id=0f og_every=2 og_every_period=3 og_quantity=4 og_link=ab og_sig=AQ-_"
)


@pytest.mark.parametrize("name", ["upsell", "product_upsell", "subscription_upsell"])
@pytest.mark.parametrize(
    "written", ["/#og_quick_action={}#{}#og_quick_action_token=T", "/?action={}&{}&token=T", "/?token=T&{1}&action={0}"]
)
def test_an_upsell_is_sent_whole_by_each_of_its_names(page, shop, merchant, name, written):
    mark = "#" if "#" in written else "&"
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.goto(shop.url + written.format(name, UPSELL_IN_LINK.replace(" ", mark)))
    assert urlsplit(sent.value.url).path == f"/one_click/{name}/"
    assert sent.value.post_data_json == {**UPSELL, "token": "T"}
    assert page.url == f"{shop.url}/"


@pytest.mark.parametrize(
    "address",
    [
        "/#og_quick_action=reactivate#og_winback_id=0f#og_quick_action_token=T",
        "/?winback_id=0f&token=T&action=reactivate",
    ],
)
def test_a_win_back_is_sent_in_both_spellings(page, shop, merchant, address):
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.goto(shop.url + address)
    assert sent.value.post_data_json == {"token": "T", "winback_id": "0f"}
    assert page.url == f"{shop.url}/"


@pytest.mark.parametrize(
    "address", ["/?token=T&action=reset", "/?action=delay", "/#top", "/#og_product_id=9", "/?token=T"]
)
def test_an_address_without_a_link_is_left_alone(page, shop, merchant, address):
    page.goto(shop.url + address)
    page.wait_for_timeout(300)
    assert page.url == shop.url + address
    assert page.locator(".alert-container").count() == 0


def test_the_parameters_are_gone_before_the_shops_next_script_runs(page, shop, merchant, portal):
    look = "<script>window.seen = location.href</script>"
    shop.load(portal, merchant.public_id.hex, head=look, inline="script-src")
    page.goto(f"{shop.url}/#og_quick_action=reactivate#og_quick_action_token=T")
    assert page.evaluate("window.seen") == f"{shop.url}/"
    assert shop.paths[0] == "/"


def test_a_link_without_a_token_is_answered_as_invalid(page, shop, merchant):
    page.goto(f"{shop.url}/#og_quick_action=reactivate")
    expect(page.get_by_role("alert")).to_have_text("The link is invalid. Your subscription was not reactivated.")


def test_a_misspelled_action_is_reported_and_sends_nothing(page, shop, merchant):
    posts = []
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    page.goto(f"{shop.url}/#og_quick_action=reactivte#og_quick_action_token=T")
    expect(page.get_by_role("alert")).to_have_text("The link is incomplete or misspelled. Nothing was changed.")
    assert posts == []


def test_a_second_link_opened_in_the_same_tab_is_read_too(page, shop, merchant, token):
    page.goto(f"{shop.url}/")
    page.goto(f"{shop.url}/#og_quick_action=reactivate#og_quick_action_token={token}")
    expect(page.get_by_role("status")).to_contain_text("is active again")
    assert page.url == f"{shop.url}/"
