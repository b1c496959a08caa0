"""Checks for every action: one activity, exactly its events, no trace of a refusal, no double effect."""

from collections.abc import Callable
from typing import Any

import pytest

from subscriptions.actions.core import ActionContext
from subscriptions.errors import DomainError
from subscriptions.models import Activity, Event
from tests.factories import STAFF
from tests.races import run_at_once
from tests.rows import read_all_rows


def assert_emits(kinds: list[str], run: Callable[[], ActionContext[Any]]) -> ActionContext[Any]:
    """Call `run`; its activity is the only new one, and the new events are `kinds`, in this order."""
    activities, events = set(Activity.objects.all()), set(Event.objects.all())
    done = run()
    assert set(Activity.objects.all()) - activities == {done.activity}
    new = [event for event in Event.objects.order_by("id") if event not in events]
    assert [event.kind for event in new] == kinds
    assert {event.activity for event in new} <= {done.activity}
    assert done.activity.actor_kind == STAFF.kind and done.activity.actor_name == STAFF.name
    return done


def assert_unchanged(run: Callable[[], ActionContext[Any]]) -> ActionContext[Any]:
    """`run` succeeds and changes no column of any row, so it leaves no activity and no event either."""
    before = read_all_rows()
    done = run()
    assert read_all_rows() == before
    return done


def assert_refused(code: str, run: Callable[[], ActionContext[Any]]) -> DomainError:
    """`run` is refused with `code` and changes no column of any row. Returns the refusal."""
    before = read_all_rows()
    with pytest.raises(DomainError) as refusal:
        run()
    assert refusal.value.code == code
    assert read_all_rows() == before
    return refusal.value


def run_twice_at_once(run: Callable[[], ActionContext[Any]]) -> list[str]:
    """Call `run` in two threads that start together; the sorted results: `done` or the refusal's code."""

    def result() -> str:
        try:
            run()
        except DomainError as refusal:
            return refusal.code
        return "done"

    return sorted(run_at_once(2, result))
