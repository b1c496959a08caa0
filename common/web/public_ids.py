"""Public ids: UUIDs that name rows to the outside, written as 32 lower-case hex digits (`UUID.hex`)."""

import re
from uuid import UUID

import uuid_utils.compat
from django.urls import register_converter

PUBLIC_ID_PATTERN = r"[0-9a-f]{32}"
PUBLIC_ID_PART = "<public_id:public_id>"
"""For the route of a `path()`: the view gets the UUID as `public_id`."""


def new_public_id() -> UUID:
    """A UUIDv7: unique, and sorted by the time it was made."""
    return uuid_utils.compat.uuid7()


def parse_public_id(text: str, *, any_spelling: bool = False) -> UUID | None:
    """The id written in `text`, or None.

    `any_spelling` also takes capitals and dashes, as people and other systems write UUIDs.
    """
    if not any_spelling:
        return UUID(text) if re.fullmatch(PUBLIC_ID_PATTERN, text) else None
    try:
        return UUID(text)
    except ValueError:
        return None


class PublicIdConverter:
    """The `public_id` before the colon in `PUBLIC_ID_PART`; `reverse` takes a UUID or its hex digits."""

    regex = PUBLIC_ID_PATTERN

    def to_python(self, text: str) -> UUID:
        return UUID(text)

    def to_url(self, public_id: UUID | str) -> str:
        return public_id if isinstance(public_id, str) else public_id.hex


register_converter(PublicIdConverter, "public_id")
