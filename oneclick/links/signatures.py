"""Signatures with the keys of 1-Click: the newest key signs, older ones still verify."""

import base64

from django.conf import settings

from common.web.signing import is_same_secret
from oneclick.tokens.signing_keys import compute_mac, current_version


def sign_message(message: bytes) -> str:
    """Version byte and truncated HMAC-SHA256, URL-safe: 23 characters."""
    return _signature(current_version(), message)


def verify_signature(text: str, message: bytes) -> bool:
    return any(is_same_secret(text, _signature(version, message)) for version in settings.ONE_CLICK_KEYS)


def _signature(version: str, message: bytes) -> str:
    mac = compute_mac(version, message)
    return base64.urlsafe_b64encode(bytes([int(version)]) + mac).decode().rstrip("=")
