"""Storefront signatures, written out as the documentation describes them."""

import base64
import hashlib
import hmac
import json
import time

from subscriptions.models import Merchant

KEY = "key"


def sign(text: str, key: str = KEY) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def signature_header(
    merchant: Merchant, customer: str, *, at: float | None = None, key: str = KEY, recognized: bool = False, **changed
) -> str:
    ts = int(time.time() if at is None else at)
    text = f"{customer}|recognized|{ts}" if recognized else f"{customer}|{ts}"
    given = {"public_id": merchant.public_id.hex, "sig_field": customer, "ts": ts, "sig": sign(text, key)}
    return json.dumps(given | ({"trust_level": "recognized"} if recognized else {}) | changed)
