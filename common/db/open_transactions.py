"""Up to which moment all rows are there: what an open transaction has written appears later, with earlier times."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

# A transaction has no id before its first write, but may have taken the time for it. Older ones without an id only
# read, such as backups. Of other roles' transactions one sees the age only with `pg_read_all_stats`.
OLDEST_OPEN = """
SELECT max(clock_timestamp() - xact_start)
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - interval '5 seconds')
"""


def complete_until() -> datetime:
    """No row with a time up to this one can appear any more. Call it in a statement before that of the rows.

    A transaction that commits in between is then open here or visible there.
    """
    # The time is taken first, by the clock that also stamps the rows.
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_OPEN)
        age: timedelta | None = cursor.fetchone()[0]
    return now if age is None else now - age - timedelta(microseconds=1)
