"""What staff read after an act."""

from typing import Any

from subscriptions.actions.core import ActionContext
from subscriptions.staff.buttons import Said

UNCHANGED = "Nothing was changed: it is like this already."


def said(context: ActionContext[Any], sentence: str = "") -> Said:
    """The sentence of the activity that the act has written, or another one; with an undo if there is one."""
    return Said(sentence or (context.activity.sentence if context.activity else UNCHANGED), context.activity)
