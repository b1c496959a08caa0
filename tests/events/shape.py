"""Compares a payload with its description: no key more or less, every value of its type."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

FILES = sorted((Path(__file__).parent / "golden").glob("*.json"))
GOLDEN = {described["name"]: described for described in (json.loads(file.read_text()) for file in FILES)}
LEAVES = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: type(value) in (int, float) and round(value, 2) == value,
    "date": lambda value: date.fromisoformat(value).isoformat() == value,
    "datetime": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "null": lambda value: value is None,
}


def find_mismatches(value: Any, shape: Any, path: str = "") -> list[str]:
    """Where `value` differs from `shape`: a type such as `string|null`, `{"list_of": …}`, or an object."""
    if isinstance(shape, str):
        return [] if any(_is(value, leaf) for leaf in shape.split("|")) else [f"{path}: {value!r} is no {shape}"]
    if set(shape) == {"list_of"}:
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [
            text for i, entry in enumerate(value) for text in find_mismatches(entry, shape["list_of"], f"{path}[{i}]")
        ]
    if not isinstance(value, dict):
        return [f"{path} is no object"]
    wrong = [f"{path}.{key} is missing" for key in shape.keys() - value.keys()]
    wrong += [f"{path}.{key} is too much" for key in value.keys() - shape.keys()]
    return wrong + [
        text for key in shape.keys() & value.keys() for text in find_mismatches(value[key], shape[key], f"{path}.{key}")
    ]


def walk_lists(value: Any, shape: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every list that `shape` describes in `value`, with its path."""
    if isinstance(shape, dict) and set(shape) == {"list_of"}:
        yield path, value
        for i, entry in enumerate(value):
            yield from walk_lists(entry, shape["list_of"], f"{path}[{i}]")
    elif isinstance(shape, dict):
        for key, leaf in shape.items():
            yield from walk_lists(value[key], leaf, f"{path}.{key}")


def _is(value: Any, leaf: str) -> bool:
    try:
        return LEAVES[leaf](value)
    except (TypeError, ValueError):
        return False
