"""What every action must pass: one activity, exactly its events, no trace of a refusal, two at once act once."""

from collections.abc import Callable
from typing import Any

import pytest

from subscriptions.actions.core import ActionContext
from subscriptions.errors import DomainError
from subscriptions.models import Activity, Event
from tests.factories import STAFF
from tests.races import at_once
from tests.rows import everything


def leaves_one_activity_and(kinds: list[str], act: Callable[[], ActionContext[Any]]) -> ActionContext[Any]:
    """Run `act`; its activity is the only new one, and the new events are `kinds`, in this order."""
    activities, events = set(Activity.objects.all()), set(Event.objects.all())
    done = act()
    assert set(Activity.objects.all()) - activities == {done.activity}
    new = [event for event in Event.objects.order_by("id") if event not in events]
    assert [event.kind for event in new] == kinds
    assert {event.activity for event in new} <= {done.activity}
    assert done.activity.actor_kind == STAFF.kind and done.activity.actor_name == STAFF.name
    return done


def refuses(code: str, act: Callable[[], ActionContext[Any]]) -> DomainError:
    """`act` is refused with `code`, and not one column of one row has changed. Returns the refusal."""
    before = everything()
    with pytest.raises(DomainError) as refusal:
        act()
    assert refusal.value.code == code
    assert everything() == before
    return refusal.value


def two_at_once(act: Callable[[], ActionContext[Any]]) -> list[str]:
    """Run `act` in two threads that start together; what became of each: `done` or the refusal's code."""

    def run() -> str:
        try:
            act()
        except DomainError as refusal:
            return refusal.code
        return "done"

    return sorted(at_once(2, run))
