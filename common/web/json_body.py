"""JSON bodies as clients send them."""

import json
import math
import re
from typing import Any

# PostgreSQL stores neither NUL nor half of a surrogate pair.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Others call themselves for each level of a value, and Python allows no more than a thousand calls in one another.
DEEPEST = 100


def decode_json(body: bytes) -> Any:
    """The value of a JSON text, which may begin with a byte order mark.

    Raises ValueError, with a reason a client can read, for anything else. NaN and infinity count as no JSON, and so
    does what is nested too deeply to be read.
    """
    try:
        value = json.loads(body, parse_constant=_refuse_constant, parse_float=_parse_float)
    except UnicodeDecodeError:
        raise ValueError("the text is not UTF-8") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and is_nested_deeper(value, DEEPEST):
        raise ValueError("nested too deeply")
    return value


def is_nested_deeper(value: Any, levels: int) -> bool:
    """Whether more than so many `levels` of lists and objects are in one another."""
    inner = [value]
    for _ in range(levels):
        nested = (each for each in inner if isinstance(each, dict | list))
        inner = [child for each in nested for child in (each.values() if isinstance(each, dict) else each)]
    return any(isinstance(each, dict | list) for each in inner)


def remove_unstorable_characters(value: Any) -> Any:
    """A decoded JSON value without the characters that the database refuses, in keys and texts."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [remove_unstorable_characters(entry) for entry in value]
    if isinstance(value, dict):
        return {UNSTORABLE.sub("", key): remove_unstorable_characters(entry) for key, entry in value.items()}
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # JSON cannot write it again, and PostgreSQL refuses it
        raise ValueError("a number is too large")
    return number
