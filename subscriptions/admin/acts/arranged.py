"""Where the buttons of a card stand: beside the fact they change, or in a row."""

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
    edits: dict[str, dict[str, Any]]


def arrange(buttons: list[dict[str, Any]], first: Collection[str], edits: Collection[str]) -> Arranged:
    """Those that are no edits stand in a row, with `first` at its beginning. None is hidden in a menu: each act is a
    button and a confirmation away.
    """
    by_verb = {button["verb"]: button for button in buttons}
    others = [verb for verb in by_verb if verb not in first and verb not in edits]
    return Arranged(
        [by_verb[verb] for verb in [*first, *others] if verb in by_verb],
        {verb: by_verb[verb] for verb in edits if verb in by_verb},
    )
