import json

import pytest

from subscriptions.models import Merchant
from subscriptions.placement.signature import authorization_header, sign_text
from tests.placement.orders import numbered_id

VECTORS = {
    "C-1001|1700000000": "hWrsiMI21ovl6WUIILkYiSSoaPbLEuVs5TJMVR7WlTY=",
    "C-1001|recognized|1700000000": "Waf70i144Kf4l7nziB/N6jQCFY097W/LgZmsXHrGFX8=",
}


@pytest.mark.parametrize(("text", "signature"), VECTORS.items())
def test_a_text_is_signed_with_the_key(text, signature):
    assert sign_text("key", text) == signature


@pytest.mark.contract
def test_the_published_signatures_are_reproduced(contracts):
    published = (contracts / "rest-api.md").read_text().replace("\\|", "|")
    assert all(f"| `{text}` | `{signature}` |" in published for text, signature in VECTORS.items())


def test_the_header_names_merchant_customer_and_moment_in_ascii():
    merchant = Merchant(public_id=numbered_id(1), storefront_key="key")
    header = authorization_header(merchant, "C-ö\n", 1700000000)
    assert header.isascii() and header.isprintable()
    assert json.loads(header) == {
        "public_id": numbered_id(1).hex,
        "sig_field": "C-ö\n",
        "ts": 1700000000,
        "sig": sign_text("key", "C-ö\n|1700000000"),
    }
