"""A cell's text as a day or a moment; the rules for readers are those of `values`."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from subscriptions.calendar import card_expiry
from subscriptions.importing.cells import ReadCell, quote_cell

YEARS = range(1970, 2200)


def read_day(value: str) -> date:
    found = _moment(value)
    if found is None:
        raise ValueError(f"{quote_cell(value)} is no date; write it like 2026-01-31.")
    return found.date() if isinstance(found, datetime) else found


def past_moment_reader(zone: str) -> ReadCell:
    """A moment up to now; without an offset it is read in `zone`, and a bare date is its midnight."""

    def read(value: str) -> datetime:
        found = _moment(value)
        if found is None:
            raise ValueError(f"{quote_cell(value)} is no date and time; write it like 2026-01-31 14:30:00.")
        whole = found if isinstance(found, datetime) else datetime.combine(found, time())
        # Through UTC, so that a wall time the clocks skip becomes the one that exists.
        moment = (whole if whole.tzinfo else whole.replace(tzinfo=ZoneInfo(zone))).astimezone(ZoneInfo("UTC"))
        if moment > timezone.now():
            raise ValueError(f"{quote_cell(value)} lies in the future; only what has happened can be imported.")
        return moment

    return read


def _moment(value: str) -> date | None:
    reader = date.fromisoformat if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else datetime.fromisoformat
    try:
        found = reader(value) if re.match(r"\d{4}-\d\d-\d\d", value) else None
    except ValueError:
        return None
    return found if found and found.year in YEARS else None


def read_card_expiry(value: str) -> date:
    """The last day a card is good for, from `MM/YYYY` or `MM/YY`."""
    last = card_expiry(value)
    if last is None:
        raise ValueError(f"{quote_cell(value)} is no expiry; write it like 02/2030.")
    return last
