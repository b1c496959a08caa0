"""Statements that run again and again, each with a cursor that is kept as long as its connection.

To make a cursor, and to find out anew how its values are converted, costs as much as the rest of a small statement.
"""

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Rows = list[tuple[Any, ...]]
# A cursor holds what it has read until its statement runs again.
MOST_ROWS = 100
# Of one connection. A few dozen are prepared for good; some have a merchant's key in them.
MOST_CURSORS = 300


def fetch_rows(sql: str, values: Sequence[Any]) -> Rows:
    """Run the statement and give what it returns. Only of the very same string are the conversions known already."""
    found: Rows = execute(sql, values).fetchall()
    if len(found) > MOST_ROWS:
        _kept(connections[DEFAULT_DB_ALIAS]).pop(sql, None)
    return found


def execute(sql: str, values: Sequence[Any]) -> Any:
    """Its cursor, to be read before the statement runs again."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.queries_logged:
        cursor = connection.cursor()
    else:
        kept = _kept(connection)
        cursor = kept.get(sql) or kept.setdefault(sql, connection.cursor())
    cursor.execute(sql, values)
    return cursor


def _kept(connection: Any) -> dict[str, Any]:
    if not connection.in_atomic_block:
        connection.close_if_health_check_failed()
        connection.ensure_connection()
    cursors: dict[str, Any]
    of, cursors = connection.__dict__.get("kept_cursors", (None, {}))
    if of is not connection.connection or len(cursors) > MOST_CURSORS:
        cursors = {}
        connection.__dict__["kept_cursors"] = connection.connection, cursors
    return cursors
