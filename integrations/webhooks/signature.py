"""The header by which a receiver knows that a webhook comes from this portal, and when it was sent."""

import secrets
from collections.abc import Iterable

from common.web.signing import hmac_sha256

HEADER = "Ordergroove-Signature"


def new_signing_key() -> str:
    return secrets.token_hex(32)


def sign_body(keys: Iterable[str], body: bytes, at: int) -> str:
    """The header's value: `ts=<unix seconds>,sig=<hex>`, with one `sig` for each key, in their order."""
    signed = f"{at}.".encode() + body
    return ",".join([f"ts={at}", *(f"sig={hmac_sha256(key.encode(), signed).hex()}" for key in keys)])
