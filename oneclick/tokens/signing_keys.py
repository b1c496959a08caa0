"""The server's keys for action tokens and saved links: `ONE_CLICK_KEYS` maps versions to keys in hex.

The first key signs, and all keys verify. Tokens and signatures begin with a byte for the version of their key.
"""

from django.conf import settings

from common.web.signing import hmac_sha256

MAC_BYTES = 16


def current_version() -> str:
    return next(iter(settings.ONE_CLICK_KEYS))


def compute_mac(version: str, message: bytes) -> bytes:
    """The HMAC-SHA256 of `message` under the key of this version, truncated to `MAC_BYTES`."""
    return hmac_sha256(bytes.fromhex(settings.ONE_CLICK_KEYS[version]), message)[:MAC_BYTES]
