"""A checkout as the leader's published shop cartridge sends it, written from its source.

Each text is encoded with encodeURIComponent(), the JSON is indented, and nothing around it is encoded. Holder, number
and expiry are encrypted. With its product-page script, opt-ins are in `tracking`; without, they are in the lines.
"""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

KEY = "0123456789abcdef0123456789abcdef"
NUMBER, HOLDER, EXPIRY = "4111111111111111", "Ana O'Ruiz", "12/2030"
PLACE = {
    "first_name": "Ana",
    "last_name": "O'Ruiz",
    "address": 'Unit "B" & 1/2 Main Street',
    "city": "Little Rock",
    "state_province_code": "AR",
    "zip_postal_code": "72201",
    "phone": "+1 (501) 329-9800",
    "country_code": "US",
}


def component(text: str) -> str:
    """encodeURIComponent()"""
    return quote(text, safe="!'()*~")


def cipher(text: str) -> str:
    """The cartridge's hook `cipher`, without its Encoding.toURI()."""
    padded = (text + "{" * (32 - len(text) % 32)).encode()
    encryptor = Cipher(AES(KEY.encode()), ECB()).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decipher(text: str) -> str:
    """The cartridge's hook `decipher`, which the shop runs on each order post."""
    decryptor = Cipher(AES(KEY.encode()), ECB()).decryptor()
    return (decryptor.update(base64.b64decode(text)) + decryptor.finalize()).decode().replace("{", "")


def sign_header(merchant_id: str, customer: str, now: int) -> str:
    """The header `Authorization`, in which the cartridge sends the time as a text."""
    digest = hmac.digest(KEY.encode(), f"{customer}|{now}".encode(), hashlib.sha256)
    sig = base64.b64encode(digest).decode()
    return json.dumps({"public_id": merchant_id, "sig_field": customer, "sig": sig, "ts": str(now)})


def create_purchase_request(merchant_id: str, *, legacy_offer: bool) -> dict[str, Any]:
    """`legacy_offer` is the shop's setting: without the script of the product pages, lines say what was chosen."""
    request = {
        "merchant_id": merchant_id,
        "session_id": "8a3c.1700000000",
        "merchant_order_id": "00001224",
        "user": {
            "user_id": "00C-1001",
            "first_name": "Ana",
            "last_name": "O'Ruiz",
            "email": "ana+shop@example.com",
            "extra_data": {},
            "shipping_address": PLACE,
            "billing_address": PLACE,
        },
        "payment": {
            "label": "3b1f0e",
            "token_id": "tok/1+2=",
            "cc_holder": cipher(HOLDER),
            "cc_number": cipher(NUMBER),
            "cc_type": "1",
            "cc_exp_date": cipher(EXPIRY),
        },
        "products": [_create_line("coffee", legacy_offer), _create_line("mug", legacy_offer)],
    }
    if legacy_offer:
        request["products"][0]["subscription_info"]["tracking_override"] |= {"every": "2", "every_period": "2"}
        return request
    opt_in = {
        "product": "coffee",
        "subscription_info": {"components": []},
        "tracking_override": {"offer": "", "every": 2, "every_period": 2, "session_id": "8a3c.1700000000"},
    }
    return request | {"tracking": [opt_in], "og_cart_tracking": False}


def _create_line(product: str, legacy_offer: bool) -> dict[str, Any]:
    paid = {"quantity": 2, "price": "13.00", "discounted_price": "12.50", "total": "25.00"}
    line = {"product": product, "sku": product, "purchase_info": paid}
    if not legacy_offer:
        return line
    override = {"offer": "", "every": "", "every_period": ""}
    info = {"components": "", "price": "12.50", "quantity": 2, "extra_data": {}, "tracking_override": override}
    return line | {"subscription_info": info}


def write_form(request: dict[str, Any]) -> bytes:
    """The body that the cartridge posts. It sends the opt-ins as the script made them, not encoded."""
    encoded = {name: value if name == "tracking" else _encode_texts(value) for name, value in request.items()}
    return b"create_request=" + json.dumps(encoded, indent=5).encode()


def write_json(request: dict[str, Any]) -> bytes:
    return json.dumps(request).encode()


def _encode_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _encode_texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_encode_texts(each) for each in value]
    return component(value) if isinstance(value, str) else value
