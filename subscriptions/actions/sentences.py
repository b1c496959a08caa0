"""Parts of the sentences that actions return for a customer's activity."""

from collections.abc import Iterable

MOST_NAMED = 5


def name_first(things: Iterable[object]) -> str:
    """The names of the first five things, and how many more there are: `A, B, C, D, E and 45 more`."""
    names = [str(each) for each in things]
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
