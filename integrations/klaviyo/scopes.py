"""What a private key must allow at Klaviyo, and what it means when it does not."""

import re
from collections.abc import Iterable

EVENT_SCOPES = ("events:write",)
BULK_SCOPES = ("lists:read", "profiles:read")
SCOPES = {
    "accounts:read": "shows which account the key belongs to",
    "events:write": "sends events",
    "profiles:read": "checks imports of profiles",
    "profiles:write": "sets the subscriber status, changes e-mail addresses",
    "lists:read": "checks imports of profiles",
    "lists:write": "sets the status of many profiles at once",
}
NAME = re.compile(r"\b[a-z-]+:(?:read|write)\b")


def find_missing_scopes(detail: str, needed: Iterable[str]) -> tuple[str, ...]:
    """The scopes that Klaviyo's answer names as missing; all that are needed, where it names none."""
    return tuple(dict.fromkeys(NAME.findall(detail))) or tuple(needed)


def describe_missing_scopes(scopes: Iterable[str]) -> str:
    """`The key lacks the scope events:write. Make a new key …`"""
    names = list(scopes)
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    plural = "s" if len(names) > 1 else ""
    return f"The key lacks the scope{plural} {listed}. Make a key that has {'them' if plural else 'it'}, and enter it."
