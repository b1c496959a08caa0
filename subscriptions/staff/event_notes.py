"""What the layers above know of events, such as where they were delivered."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class EventNote:
    """A link beside an event; `label` is a colour of unfold's labels, `about` its tooltip. It may still change if it
    is not `settled`.
    """

    text: str
    label: str
    about: str
    url: str
    settled: bool


def find_event_notes(request: HttpRequest, events: Collection[int]) -> dict[int, list[EventNote]]:
    """The notes on these events, given by key, from each of `settings.EVENT_NOTES`."""
    notes: dict[int, list[EventNote]] = defaultdict(list)
    for path in settings.EVENT_NOTES if events else ():
        for event, found in import_string(path)(request, events):
            notes[event].append(found)
    return notes
