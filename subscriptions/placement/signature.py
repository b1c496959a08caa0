"""The storefront signature, which proves that the sender holds the merchant's storefront key.

It is the JSON text in the header `Authorization`: `public_id` names the merchant, `sig_field` the customer by
`merchant_user_id`, `ts` is the time in Unix seconds, and `sig` the HMAC of `sig_field|ts`. A signature that mail links
carry has `"trust_level": "recognized"`, and signs `sig_field|recognized|ts`.
"""

import base64
import json

from common.web.signing import hmac_sha256
from subscriptions.models import Merchant

RECOGNIZED = "recognized"


def sign_text(key: str, text: str) -> str:
    """The HMAC-SHA256 of `text` under `key`, both as UTF-8, in Base64."""
    return base64.b64encode(hmac_sha256(key.encode(), text.encode())).decode()


def authorization_header(merchant: Merchant, merchant_user_id: str, now: int) -> str:
    """The header `Authorization` of a request about this customer; `now` in Unix seconds."""
    header = {
        "public_id": merchant.public_id.hex,
        "sig_field": merchant_user_id,
        "ts": now,
        "sig": sign_text(merchant.storefront_key, signed_text(merchant_user_id, now)),
    }
    return json.dumps(header, separators=(",", ":"))


def signed_text(merchant_user_id: str, now: int | str, *, is_recognized: bool = False) -> str:
    return f"{merchant_user_id}|{RECOGNIZED}|{now}" if is_recognized else f"{merchant_user_id}|{now}"
