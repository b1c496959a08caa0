"""What staff read after an act."""

from typing import Any

from subscriptions.actions.core import ActionContext

UNCHANGED = "Nothing was changed: it is like this already."


def said(context: ActionContext[Any]) -> str:
    """The sentence of the activity that the act has written."""
    return context.activity.sentence if context.activity else UNCHANGED
