import gzip
import re

import pytest
from django.core.cache import cache
from django.test import Client

from oneclick.messages.interface_messages import INTERFACE_MESSAGES, INTERFACE_TABLE
from oneclick.models import MessageText, OneClickSettings
from oneclick.pages.page_policy import linear_channel
from oneclick.pages.script import packed_css
from tests.factories import MerchantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def merchant():
    return MerchantFactory()


@pytest.fixture
def address(merchant):
    return f"/{merchant.public_id.hex}/main.js"


def test_the_script_is_served_to_any_page_and_may_be_kept_for_a_while(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=300, must-revalidate"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "__SETTINGS__" not in response.text
    assert not response.cookies


def test_the_script_is_under_8_kilobytes_and_compressed(client, address):
    plain = client.get(address)
    packed = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert packed["Vary"] == plain["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < 8 * 1024


def test_a_browser_that_has_the_script_gets_304(client, address):
    etag = client.get(address)["ETag"]
    again = client.get(address, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == etag


def test_a_cached_script_costs_no_query(client, address, django_assert_num_queries):
    client.get(address)
    with django_assert_num_queries(0):
        assert client.get(address).status_code == 200


def test_other_settings_make_another_script_with_another_etag(client, merchant, address):
    before = client.get(address)
    OneClickSettings.objects.filter(merchant=merchant).update(z_index=77, confirm_actions=["skip"])
    MessageText.objects.create(
        merchant=merchant, locale=merchant.locale, table=INTERFACE_TABLE, code="close", text='"</script>é'
    )
    cache.clear()
    after = client.get(address)
    assert '"zIndex": 77' in after.text
    assert '"confirm": ["skip"]' in after.text
    assert '"close": "\\"</script>\\u00e9"' in after.text
    assert after["ETag"] != before["ETag"]


def test_a_merchants_script_holds_nothing_of_another(client, merchant, address):
    other = MerchantFactory()
    MessageText.objects.create(
        merchant=other, locale=other.locale, table=INTERFACE_TABLE, code="close", text="Not for you"
    )
    body = client.get(address).text
    assert "Not for you" not in body
    assert other.public_id.hex not in body
    assert INTERFACE_MESSAGES["close"] in body


@pytest.mark.parametrize("name", ["0" * 32, "0" * 31, "A" * 32])
def test_an_unknown_merchant_has_no_script(client, name):
    assert client.get(f"/{name}/main.js").status_code == 404


def test_only_reading_is_allowed(address):
    assert Client().post(address).status_code == 405
    assert Client().head(address).status_code == 200


def test_white_text_is_readable_on_every_colour_of_the_banner():
    colors = re.findall(r"div:where\(\.alert-container[\w-]*\) \{[^}]*?--alert-ground: #(\w{6})", packed_css())
    assert len(colors) == 3
    for color in colors:
        red, green, blue = (linear_channel(channel / 255) for channel in bytes.fromhex(color))
        # WCAG 2.2, 1.4.3: contrast of at least 4.5 to 1.
        assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5
