"""What a lookup asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from common.web.json_body import UNSTORABLE, decode_json

LONGEST = 255
Level = Literal["BASIC", "DETAILED"]
EMAIL_NAMES = ("emails", "email")
PHONE_NAMES = ("phones", "phone")


@dataclass(frozen=True, slots=True)
class LookupQuery:
    level: Level
    external_id: str
    emails: list[str]
    phones: list[str]


def read_query(body: bytes) -> LookupQuery | None:
    """None for a body that is no lookup."""
    try:
        given = decode_json(body)
    except ValueError:
        return None
    if not isinstance(given, dict) or given.get("lookupLevel") not in ("BASIC", "DETAILED"):
        return None
    asked = given.get("query")
    if not isinstance(asked, dict):
        return None
    external = next(_texts(asked.get("externalCustomerId")), "")
    emails = [text for name in EMAIL_NAMES for text in _texts(asked.get(name))]
    phones = [text for name in PHONE_NAMES for text in _texts(asked.get(name))]
    return LookupQuery(given["lookupLevel"], external, emails, phones)


def _texts(value: Any) -> Iterator[str]:
    """The texts in a text or a list that the database could hold."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and 0 < len(text) <= LONGEST and not UNSTORABLE.search(text):
            yield text
