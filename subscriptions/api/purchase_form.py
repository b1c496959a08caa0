"""The body of the Purchase POST as a form: `create_request=` and JSON, URL-encoded as a whole or text by text."""

import re
from typing import Any
from urllib.parse import unquote, unquote_plus

from common.web.json_body import decode_json

FORM_PREFIX = b"create_request="
# encodeURIComponent() and urlencode() leave these characters as they are; a blank is %20 or +. No text begins with a
# blank, so a + at the beginning is the one of a phone number that was not encoded.
FORM_ENCODED = re.compile(r"(?!\+)(?:[\w.~!*'()+-]|%[0-9A-F]{2})*", re.ASCII | re.IGNORECASE)
# encodeURI() leaves more of them.
ENCODED = re.compile(r"(?:[!-$&-~]|%[0-9A-F]{2})*", re.ASCII | re.IGNORECASE)
MISSING = {"null", "undefined"}  # what encodeURIComponent() makes of a value that is not there


def decode_form(form: bytes) -> Any:
    """The JSON in what follows `create_request=`. Raises ValueError, and RecursionError for texts nested too deeply."""
    try:
        value = decode_json(form)
    except ValueError:
        whole = unquote_plus(form.partition(b"&")[0].decode("ascii"), errors="strict")
        return decode_json(whole.encode())
    return _decode_texts(value)


def _decode_texts(value: Any) -> Any:
    match value:
        case dict():
            return {name: _decode_texts(each) for name, each in value.items()}
        case list():
            return [_decode_texts(each) for each in value]
        case str():
            return _decode_text(value)
    return value


def _decode_text(text: str) -> str | None:
    """`text` without its URL encoding; one with characters that the encoding would have replaced stays as it is."""
    if text in MISSING:
        return None
    if FORM_ENCODED.fullmatch(text):
        return unquote_plus(text)
    return unquote(text) if ENCODED.fullmatch(text) else text
