"""The HMAC helper, and that every signature made with it keeps its bytes."""

from uuid import UUID

import pytest

from common.web.signing import hmac_sha256, is_same_secret
from oneclick.links.signatures import sign_message, verify_signature
from oneclick.models import ActionToken
from oneclick.tokens.token_text import decode_nonce, encode_token
from subscriptions import api_keys

NONCE = UUID("019a9d0cc2f57b0a8d1be26a4d8a3f10")


@pytest.fixture(autouse=True)
def secrets(settings) -> None:
    settings.ONE_CLICK_KEYS = {"2": "22" * 32, "1": "11" * 32}
    settings.API_KEY_SECRET = "secret"


def test_the_signature_is_that_of_rfc_4231() -> None:
    signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == signature


def test_the_signature_of_a_webhook_is_that_of_the_contract() -> None:
    signed = b'1700000000.{"id":"e1"}'
    expected = "bef8ad98fc8bc281e228c29d99d0b38086051703dbf3bbb8b3fee5b801ad1976"
    assert hmac_sha256(b"key", signed).hex() == expected


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        ("abc", "abc", True),
        ("abc", b"abc", True),
        ("abc", "abd", False),
        ("ab", "abc", False),
        ("ä", "ä", True),
        ("\ud800", "?", False),
        ("", "abc", False),
    ],
)
def test_secrets_are_compared_whatever_they_hold(given: str, expected: str | bytes, same: bool) -> None:
    assert is_same_secret(given, expected) is same


@pytest.mark.parametrize(
    ("purpose", "text"),
    [
        ("act", "AgGanQzC9XsKjRviak2KPxC4L0qtkCJxl4xFemEmqfSm"),
        ("undo", "AgGanQzC9XsKjRviak2KPxBwdv8bkuV4f58xUpdmHGRO"),
    ],
)
def test_the_text_of_a_token(purpose, text: str) -> None:
    assert encode_token(ActionToken(nonce=NONCE), purpose) == text
    assert decode_nonce(text, purpose) == NONCE


def test_the_signature_of_a_link() -> None:
    assert sign_message(b"message") == "AomkiJ8vV-yIRqI0aqOvaXA"
    assert verify_signature("AomkiJ8vV-yIRqI0aqOvaXA", b"message")


def test_the_digest_of_an_api_key() -> None:
    digest = "9a41cad518430874b900d5e17d33565c48fe25235ca2f2dda9aaad4c9820b957"
    assert api_keys._digest("rpk_0_1") == digest
