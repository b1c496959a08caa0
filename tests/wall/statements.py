"""What a request writes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

# Not: the use of a session, and who took a file.
WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM) (?!"?subscriptions_(staffsession|auditentry))')


@contextmanager
def watched_writes() -> Iterator[list[str]]:
    """The statements of the block that write rows."""
    found: list[str] = []

    def watch(execute: Callable[..., Any], sql: Any, *others: Any) -> Any:
        if WRITE.match(str(sql)):
            found.append(str(sql)[:100])
        return execute(sql, *others)

    with connection.execute_wrapper(watch):
        yield found
