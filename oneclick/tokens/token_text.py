"""The text of an action token, which nobody can guess and no table holds.

Text = base64url(version byte, 16 bytes row nonce, 16 bytes HMAC-SHA256): 44 characters. It is computed from the row and
a server key.
"""

import base64
import binascii
from typing import Literal
from uuid import UUID

from django.conf import settings

from common.web.signing import is_same_secret
from oneclick.models import ActionToken
from oneclick.tokens.signing_keys import MAC_BYTES, compute_mac, current_version

Purpose = Literal["act", "undo"]


def encode_token(token: ActionToken, purpose: Purpose = "act") -> str:
    """The text in a customer's link or, for `undo`, the text that undoes the click."""
    version = current_version()
    signed = bytes([int(version)]) + token.nonce.bytes
    return base64.urlsafe_b64encode(signed + compute_mac(version, purpose.encode() + signed)).decode()


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
    if version not in settings.ONE_CLICK_KEYS:
        return None
    if not is_same_secret(mac, compute_mac(version, purpose.encode() + signed)):
        return None
    return UUID(bytes=signed[1:])
