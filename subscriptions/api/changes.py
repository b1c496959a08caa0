"""Up to which moment a client that reads what has changed is shown changes: beyond it, some are still to come.

A row gets its `updated` while its transaction is open, so it may appear behind others that a client has seen. One that
continues with the newest `updated` it has seen would miss it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.request import Request

COMPLETE_UNTIL = "complete_until"
_KNOWN = "reprise.complete_until"
# Later times come from test clocks.
PRESENT = timedelta(minutes=1)
# A transaction has no id before its first write, but may have taken the time for it. Older ones without an id only
# read, such as backups. Of other roles' transactions one sees the age only with `pg_read_all_stats`.
OLDEST_OPEN = """
SELECT max(clock_timestamp() - xact_start)
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - interval '5 seconds')
"""


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
    # A statement of its own, before that of the rows: a transaction that commits in between is then open here or
    # visible there. The time is taken first, by the clock that also stamps the rows.
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_OPEN)
        age: timedelta | None = cursor.fetchone()[0]
    if age is None:
        return now
    # Clients continue at the second of the newest row, so the last second shown ends before the transaction began.
    return (now - age).astimezone(UTC).replace(microsecond=0) - timedelta(microseconds=1)
