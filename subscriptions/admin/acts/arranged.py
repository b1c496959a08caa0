"""Where the buttons of a card stand: beside the fact they change, in a row, or in its menu."""

from collections.abc import Collection
from typing import Any, NamedTuple


class Fact(NamedTuple):
    """A value on a card with the button that changes it."""

    name: str
    text: str
    edit: dict[str, Any] | None = None
    warning: str = ""


class Arranged(NamedTuple):
    """Buttons from `offered_buttons`: `edits` are by verb, with `_` for `-`."""

    main: list[dict[str, Any]]
    more: list[dict[str, Any]]
    edits: dict[str, dict[str, Any]]


def arrange(buttons: list[dict[str, Any]], main: Collection[str], edits: Collection[str]) -> Arranged:
    """Those that are in neither go into the menu."""
    by_verb = {button["verb"]: button for button in buttons}
    return Arranged(
        [by_verb[verb] for verb in main if verb in by_verb],
        [button for verb, button in by_verb.items() if verb not in main and verb not in edits],
        {verb: by_verb[verb] for verb in edits if verb in by_verb},
    )
