"""Placeholders such as `{product_name}` in texts that people write."""

import re
from collections.abc import Mapping

# Not str.format, which fails on any other brace; a merchant's text may contain all of them.
PLACEHOLDER = re.compile(r"{(\w+)}")


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """`text` with each placeholder that has a value replaced by it.

    Other placeholders and braces stay as written, and a value is never searched for placeholders itself.
    """
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def find_placeholders(text: str) -> set[str]:
    """The names of the placeholders in `text`."""
    return set(PLACEHOLDER.findall(text))
