"""What Home says needs a person: a line each, which leads to its rows or lets staff do it there."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from unfold.enums import ActionVariant

from subscriptions.staff.roles import Right, may

MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Need:
    """`count` rows stand behind it, the oldest since `since`; `amount` says what is at stake, as text.

    `url` shows exactly these rows. `buttons` are as `parts/buttons.html` shows them.
    """

    icon: str
    title: str
    about: str
    url: str
    count: int = 1
    since: datetime | None = None
    amount: str = ""
    buttons: list[dict[str, Any]] = field(default_factory=list)

    @property
    def count_text(self) -> str:
        """`12`, or `1,000+` where counting ended."""
        return f"{self.count:,}" if self.count <= MOST_COUNTED else f"{MOST_COUNTED:,}+"


def dialog_button(request: HttpRequest, right: Right, title: str, icon: str, path: str) -> list[dict[str, Any]]:
    """The button that opens the dialog at `path`, for those who may press it."""
    button = {"title": title, "icon": icon, "variant": ActionVariant.PRIMARY, "path": path}
    return [button] if may(request, right) else []
