"""The parameters of a link arrive whole, however an e-mail tool has spelled what stands between them."""

import json
from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse

from oneclick.links import signed_links
from oneclick.models import SavedLink
from oneclick.redemption.parameters import normalize_fields
from oneclick.tokens.token_text import encode_token
from tests.oneclick.shop import Shop

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}
SPELLINGS = [
    "token={token}&amp;days=30",
    "token={token}&amp;amp;days=30",
    "token={token}&AMP;days=30",
    "days=30&amp;token={token}",
    "utm_source=a&amp;token={token}&amp;days=30&amp;_kx=k",
    "token={token}&amp;og_delay_by=30",
    "token={token}&amp%3Bdays=30",
    "token={token}%26amp%3Bdays=30",
    "token={token}%26amp%3Bdays%3D30%26amp%3Bx%3D1",
    "token={token}%26amp%3Bamp%3Bdays%3D30",
    "token={token}%23og_delay_by=30",
    "token={token}%23og_delay_by%3D30%23_kx%3Dk",
]
SUCCESS = date(2026, 12, 31)  # thirty days after the order's own date


def get(shop: Shop, query: str, **headers: str) -> HttpResponse:
    return shop.client.get(f"/one_click/delay/?{query}", headers=JSON | headers)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_get_reads_every_spelling(shop: Shop, spelling: str) -> None:
    answer = get(shop, spelling.format(token=encode_token(shop.order_token())))
    assert (answer.status_code, answer.json(), shop.order.place_date) == (200, {}, SUCCESS)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_post_reads_every_spelling_of_its_query(shop: Shop, spelling: str) -> None:
    path = "/one_click/delay/?" + spelling.format(token=encode_token(shop.order_token()))
    assert (shop.client.post(path).status_code, shop.order.place_date) == (200, SUCCESS)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_form_is_read_like_a_query(shop: Shop, spelling: str) -> None:
    body = spelling.format(token=encode_token(shop.order_token()))
    form = "application/x-www-form-urlencoded"
    assert shop.client.post("/one_click/delay/", body, content_type=form).status_code == 200
    assert shop.order.place_date == SUCCESS


@pytest.mark.parametrize("spelling", SPELLINGS[:8])
def test_a_fetched_link_leads_to_a_page_with_each_parameter_by_its_name(shop: Shop, spelling: str) -> None:
    token = encode_token(shop.order_token())
    answer = get(shop, spelling.format(token=token), Accept="*/*")
    fragment = answer["Location"].partition("#")[2].split("#")
    assert {"og_quick_action=delay", f"og_quick_action_token={token}", "og_delay_by=30"} <= set(fragment)
    assert shop.order.place_date == date(2026, 12, 1)


@pytest.mark.parametrize("days", ["30", "31"])
@pytest.mark.parametrize("amp", ["&", "&amp;", "&amp;amp;", "%26amp%3B", "%23"])
def test_the_signature_of_a_link_is_looked_at_in_every_spelling(shop: Shop, amp: str, days: str) -> None:
    link = SavedLink.objects.create(merchant=shop.merchant, name="A", action="delay", parameters={"days": "30"})
    signed = ["token=" + encode_token(shop.order_token()), f"days={days}", f"og_link={link.public_id.hex}"]
    answer = get(shop, amp.join([*signed, f"og_sig={signed_links.sign_link(link)}"]))
    if days == "30":
        assert (answer.status_code, shop.order.place_date) == (200, SUCCESS)
    else:
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_og_delay_by"})
        assert shop.order.place_date == date(2026, 12, 1)


def test_a_hosted_page_offers_the_form_of_a_link_in_any_spelling(shop: Shop) -> None:
    token = encode_token(shop.order_token())
    page = shop.client.get(f"/l/{shop.merchant.public_id.hex}/?action=delay&amp;token={token}&amp;days=30").text
    assert f'name="token" value="{token}"' in page and 'name="days" value="30"' in page


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"amp;days": 30}, {"days": "30"}),
        ({"ramp;days": "30"}, {"ramp;days": "30"}),
        ({"token": "T&amp;days=30", "days": "21"}, {"token": "T", "days": "21"}),
        ({"days": "21", "token": "T#days=30"}, {"token": "T", "days": "21"}),
        ({"og_product_id": "A&B"}, {"og_product_id": "A&B"}),
        ({"og_product_id": "A & B = C"}, {"og_product_id": "A & B = C"}),
        ({"og_product_id": "A#1"}, {"og_product_id": "A#1"}),
        ({"og_product_id": "A&amp;B"}, {"og_product_id": "A&amp;B"}),
        ({"og_product_id": None, "amp;": "x"}, {"": "x"}),
    ],
)
def test_only_what_must_be_a_separator_separates(fields: dict[str, Any], read: dict[str, str]) -> None:
    assert normalize_fields(fields) == read


def test_a_json_body_may_begin_with_a_byte_order_mark(shop: Shop) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"token": encode_token(shop.order_token()), "days": 30}).encode()
    assert shop.client.post("/one_click/delay/", body, content_type="application/json").status_code == 200
    assert shop.order.place_date == SUCCESS
