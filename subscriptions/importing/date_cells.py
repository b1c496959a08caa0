"""Readers of cells that hold days and moments; see `cells`."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from subscriptions.calendar import card_expiry
from subscriptions.importing.cells import ReadCell, quote_cell

YEARS = range(1970, 2200)


def day_reader(zone: str) -> ReadCell:
    """Reads a day. A moment with an offset is on its day in `zone`, and may be on another one where it was written."""

    def read(value: str) -> date:
        found = _parse_moment(value)
        if found is None:
            raise ValueError(f"{quote_cell(value)} is {_describe(value, 'not a date')}; write it like 2026-01-31.")
        if not isinstance(found, datetime):
            return found
        return (found.astimezone(ZoneInfo(zone)) if found.tzinfo else found).date()

    return read


def past_moment_reader(zone: str) -> ReadCell:
    """Reads a moment that is not in the future, in `zone` unless it has an offset. A date alone means its midnight."""

    def read(value: str) -> datetime:
        found = _parse_moment(value)
        if found is None:
            what = _describe(value, "not a date and time")
            raise ValueError(f"{quote_cell(value)} is {what}; write it like 2026-01-31 14:30:00.")
        whole = found if isinstance(found, datetime) else datetime.combine(found, time())
        # Converted through UTC, so that a time the clocks skip becomes one that exists.
        moment = (whole if whole.tzinfo else whole.replace(tzinfo=ZoneInfo(zone))).astimezone(ZoneInfo("UTC"))
        if moment > timezone.now():
            raise ValueError(f"{quote_cell(value)} is in the future; only what has happened can be imported.")
        return moment

    return read


def _describe(value: str, otherwise: str) -> str:
    is_serial = re.fullmatch(r"\d{5}([.,]\d+)?", value, re.ASCII)
    return "a spreadsheet's number of a day" if is_serial else otherwise


def _parse_moment(value: str) -> date | None:
    # Shop platforms put a blank before the offset, or name it.
    value = re.sub(r" ?(?:UTC|GMT)$", "Z", re.sub(r" (?=[+-]\d\d:?\d\d$)", "", value))
    reader = date.fromisoformat if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else datetime.fromisoformat
    try:
        found = reader(value) if re.match(r"\d{4}-\d\d-\d\d", value) else None
    except ValueError:
        return None
    return found if found and found.year in YEARS else None


def read_card_expiry(value: str) -> date:
    """The last day on which a card is valid, from `MM/YYYY` or `MM/YY`."""
    last = card_expiry(value)
    if last is None:
        raise ValueError(f"{quote_cell(value)} is not an expiry date; write it like 02/2030.")
    return last
