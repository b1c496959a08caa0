"""What a kind of bulk change is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q

from subscriptions import calendar
from subscriptions.actions.core import ActionContext
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.models import Merchant

Answers = Mapping[str, Any]
"""What staff chose for all rows, as JSON."""


class Obstacle(NamedTuple):
    """Rows that the action would refuse, and its sentence for them. A preview counts them without trying."""

    sentence: str
    rows: Q


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkKind:
    """`change(row, answers, actor)` makes the change by an action, and raises what the action raises.

    `is_undoable` says whether the activity of that action can be undone. `obstacles` are looked at in their order.
    `describe(answers)` completes "Move dates: …".
    """

    name: str
    title: str
    icon: str
    model: type[models.Model]
    change: Callable[[Any, Answers, Actor], ActionContext[Any]]
    describe: Callable[[Answers], str] = lambda answers: ""
    is_undoable: bool = True
    obstacles: Callable[[Merchant, Answers], Sequence[Obstacle]] = lambda merchant, answers: ()
    warning: str = ""


def target_day(day: date, answers: Answers) -> date:
    """The day that `answers` choose for what is planned for `day`: `days` further on, or one `day` for all."""
    if "day" in answers:
        return date.fromisoformat(answers["day"])
    days = int(answers["days"])
    if day > calendar.LAST_DAY - timedelta(days=max(days, 0)):
        raise refused("date_too_far")
    return day + timedelta(days=days)


def describe_move(answers: Answers) -> str:
    if "day" in answers:
        return f"to {calendar.human_date(date.fromisoformat(answers['day']))}"
    days = abs(int(answers["days"]))
    number, unit = (days // 7, "week") if days % 7 == 0 else (days, "day")
    direction = "later" if int(answers["days"]) > 0 else "earlier"
    return f"{number} {unit}{'s' * (number != 1)} {direction}"


def planned_before(first: date, column: str, answers: Answers) -> Q:
    """Rows whose date in `column` would then be before `first`."""
    if "day" in answers:
        return Q() if date.fromisoformat(answers["day"]) < first else Q(pk__in=[])
    return Q((f"{column}__lt", first - timedelta(days=int(answers["days"]))))
