"""The text of an action token, which nobody can guess and no table holds.

Text = base64url(version byte, 16 bytes row nonce, 16 bytes HMAC-SHA256): 44 characters. It is computed from the row and
a server key. `ONE_CLICK_KEYS` maps versions to keys; the first signs, all verify.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Literal
from uuid import UUID

from django.conf import settings

from oneclick.models import ActionToken

Purpose = Literal["act", "undo"]
MAC_BYTES = 16


def encode_token(token: ActionToken, purpose: Purpose = "act") -> str:
    """The text in a customer's link or, for `undo`, the text that takes the change back."""
    version = next(iter(settings.ONE_CLICK_KEYS))
    signed = bytes([int(version)]) + token.nonce.bytes
    return base64.urlsafe_b64encode(signed + _mac(version, purpose, signed)).decode()


def decode_nonce(text: str, purpose: Purpose = "act") -> UUID | None:
    """The nonce of a genuine token; None for a forged one, decided without a query."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    if len(raw) != 1 + 16 + MAC_BYTES:
        return None
    signed, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    version = str(signed[0])
    if version not in settings.ONE_CLICK_KEYS or not hmac.compare_digest(mac, _mac(version, purpose, signed)):
        return None
    return UUID(bytes=signed[1:])


def _mac(version: str, purpose: Purpose, signed: bytes) -> bytes:
    key = bytes.fromhex(settings.ONE_CLICK_KEYS[version])
    return hmac.digest(key, purpose.encode() + signed, hashlib.sha256)[:MAC_BYTES]
