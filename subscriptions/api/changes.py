"""Up to which moment a client that reads what has changed is shown changes: beyond it, some are still to come.

A row gets its `updated` while its transaction is open, so it may appear behind others that a client has seen. One that
continues with the newest `updated` it has seen would miss it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.request import Request

from common.db.open_transactions import complete_until

COMPLETE_UNTIL = "complete_until"
_KNOWN = "reprise.complete_until"
# Later times come from test clocks.
PRESENT = timedelta(minutes=1)


def only_complete(rows: QuerySet[Any], column: str, request: Request) -> QuerySet[Any]:
    """`rows` whose `column` is a time up to which nothing can appear any more."""
    environ = request._request.META
    if _KNOWN not in environ:
        environ[_KNOWN] = _moment_of_link(request) or _complete_until()
    shown_until: datetime = environ[_KNOWN]
    of_test_clocks = Q(**{f"{column}__gt": timezone.now() + PRESENT})
    return rows.filter(Q(**{f"{column}__lte": shown_until}) | of_test_clocks)


def link_parameters(request: Request) -> dict[str, str]:
    """What the links of cursor mode carry, so that all pages of one reading end at the same moment."""
    shown_until = request._request.META.get(_KNOWN)
    return {COMPLETE_UNTIL: shown_until.isoformat()} if shown_until else {}


def _moment_of_link(request: Request) -> datetime | None:
    try:
        moment = datetime.fromisoformat(request.query_params.get(COMPLETE_UNTIL, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _complete_until() -> datetime:
    # Clients continue at the second of the newest row, so the last second shown ends before the oldest transaction.
    now, complete = timezone.now(), complete_until()
    if complete >= now:
        return now
    return complete.astimezone(UTC).replace(microsecond=0) - timedelta(microseconds=1)
