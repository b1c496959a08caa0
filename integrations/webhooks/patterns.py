"""Which types of webhooks a target wants: `subscription.*|order.reminder`.

A pattern is any number of types, `family.*` or `*`, joined by `|`. The empty pattern matches nothing.
"""

from collections.abc import Iterable
from typing import get_args

from subscriptions.events.catalogue import ALL_KINDS, TYPE_ALIASES, Base

EVERYTHING = "*"
KINDS_BY_TYPE = {kind.webhook_type: kind.name for kind in ALL_KINDS.values()}
TYPES_BY_FAMILY: dict[str, list[str]] = {
    family: [name for name in KINDS_BY_TYPE if name.startswith(f"{family}.")] for family in get_args(Base)
}
# What each part of a pattern may be, with the types that it matches.
MATCHES = {
    EVERYTHING: [*KINDS_BY_TYPE],
    **{f"{family}.*": types for family, types in TYPES_BY_FAMILY.items()},
    **{name: [name] for name in KINDS_BY_TYPE},
}


class UnknownTypes(ValueError):
    """Parts of a pattern that are neither types nor families; `str()` is a sentence that lists the valid ones."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        valid = ", ".join([*MATCHES, *TYPE_ALIASES])
        super().__init__(f"Not a type of event: {', '.join(self.names)}. Valid are {valid}.")


def parse_pattern(text: str) -> str:
    """`text` without blanks, repeated parts and aliases. Raises `UnknownTypes`."""
    parts = [TYPE_ALIASES.get(part.strip(), part.strip()) for part in text.split("|") if part.strip()]
    if unknown := [part for part in dict.fromkeys(parts) if part not in MATCHES]:
        raise UnknownTypes(unknown)
    return "|".join(dict.fromkeys(parts))


def matching_types(pattern: str) -> list[str]:
    """The types that `pattern` matches, in the order of the catalogue. Raises `UnknownTypes`."""
    parts = filter(None, parse_pattern(pattern).split("|"))
    wanted = {name for part in parts for name in MATCHES[part]}
    return [name for name in KINDS_BY_TYPE if name in wanted]


def matching_kinds(pattern: str) -> frozenset[str]:
    """The names of the kinds that `pattern` matches, as events have them. Raises `UnknownTypes`."""
    return frozenset(KINDS_BY_TYPE[name] for name in matching_types(pattern))


def join_types(types: Iterable[str]) -> str:
    """The shortest pattern that matches exactly these types. Raises `UnknownTypes`."""
    wanted = set(matching_types("|".join(types)))
    if wanted == KINDS_BY_TYPE.keys():
        return EVERYTHING
    parts: list[str] = []
    for family, members in TYPES_BY_FAMILY.items():
        parts += [f"{family}.*"] if wanted.issuperset(members) else [name for name in members if name in wanted]
    return "|".join(parts)
