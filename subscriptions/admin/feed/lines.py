"""The lines of a feed: activities, each with its events and where these went."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest

from subscriptions.admin.feed.doors import DOORS, Door
from subscriptions.models import Activity, Event
from subscriptions.staff.display import event_title
from subscriptions.staff.event_notes import EventNote, find_event_notes
from subscriptions.staff.undo_urls import undo_urls

LINES = MOST_WAITING = 30  # of a page


@dataclass(frozen=True, slots=True)
class Line:
    row: Activity
    door: Door
    events: list[tuple[Event, str, list[EventNote]]]
    """Each event with its title and notes."""
    code: str
    """The code of the reason, such as `Reason 4`; empty without one."""
    undo: str
    """The address of the dialog that undoes it; empty if it cannot be undone."""

    @property
    def is_settled(self) -> bool:
        """Whether all deliveries of its events have come to an end."""
        return all(note.settled for _, _, notes in self.events for note in notes)


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first. `newest` is the key after which newer lines come, `oldest` that before which older ones do;
    `oldest` is None on the last page. `settled` are lines shown before, whose deliveries have come to an end since;
    `waiting` are the keys of those that have not.
    """

    lines: list[Line]
    newest: int
    oldest: int | None
    settled: Sequence[Line] = ()
    waiting: Sequence[int] = ()


def with_events(rows: QuerySet[Activity]) -> QuerySet[Activity]:
    """`rows` with their events and the codes of these events' reasons, without the long payloads."""
    codes = {"cancel_code": KT("payload__cancel_reason_code"), "reject_code": KT("payload__rejected_code")}
    events = Event.objects.only("id", "kind", "activity_id").annotate(**codes).order_by("pk")
    return rows.prefetch_related(Prefetch("events", events))


def read_page(request: HttpRequest, rows: QuerySet[Activity], before: int | None = None) -> Page:
    """The newest of `rows`, or those before the activity with the key `before`. Three queries at most; none counts."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(with_events(rows.order_by("-pk")[: LINES + 1]))
    lines = make_lines(request, found[:LINES])
    return Page(
        lines,
        newest=found[0].pk if found else 0,
        oldest=lines[-1].row.pk if len(found) > LINES else None,
        waiting=waiting_keys(lines),
    )


def read_newer(request: HttpRequest, rows: QuerySet[Activity], after: int, waiting: Sequence[int]) -> Page:
    """The lines that came after the activity with the key `after`, and those of `waiting` that wait no more."""
    newer = list(with_events(rows.filter(pk__gt=after).order_by("pk")[:LINES]))[::-1]
    earlier = list(with_events(rows.filter(pk__in=waiting[:MOST_WAITING]))) if waiting else []
    lines = make_lines(request, [*newer, *earlier])
    fresh, shown = lines[: len(newer)], lines[len(newer) :]
    settled = [line for line in shown if line.is_settled]
    return Page(fresh, newer[0].pk if newer else after, None, settled, waiting_keys(lines))


def waiting_keys(lines: Sequence[Line]) -> list[int]:
    return [line.row.pk for line in lines if not line.is_settled][:MOST_WAITING]


def make_lines(request: HttpRequest, rows: Sequence[Activity]) -> list[Line]:
    undos = undo_urls(request, rows)
    notes = find_event_notes(request, [event.pk for row in rows for event in row.events.all()])
    return [
        Line(
            row,
            DOORS[row.actor_kind],  # type: ignore[index]  # stored as its text, which the kind equals
            [(event, event_title(event), notes[event.pk]) for event in row.events.all()],
            reason_code(row),
            undos.get(row.pk, ""),
        )
        for row in rows
    ]


def reason_code(row: Activity) -> str:
    """The code of the reason in one of the activity's events, as `Reason 4` or `Code 140`; empty without one."""
    for event in row.events.all():
        if event.cancel_code:  # type: ignore[attr-defined]  # an annotation of `with_events`
            return f"Reason {event.cancel_code}"  # type: ignore[attr-defined]
        if event.reject_code:  # type: ignore[attr-defined]
            return f"Code {event.reject_code}"  # type: ignore[attr-defined]
    return ""
