"""How often something waits for the database, which is what statements inside a pipeline cost least of all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg.pq import PipelineStatus

BLOCKS = ("SAVEPOINT", "RELEASE SAVEPOINT")


class RoundTrips:
    """`statements` are all that were sent, `waits` those that were waited for and the ends of pipelines."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.waits: list[str] = []
        self.is_pipeline_open = False

    def __call__(self, execute: Callable[..., Any], sql: Any, *statement: Any) -> Any:
        if not str(sql).startswith(BLOCKS):
            self.statements.append(str(sql).strip())
            self._count(self.statements[-1])
        return execute(sql, *statement)

    def _count(self, sql: str) -> None:
        is_in_pipeline = connection.connection.pgconn.pipeline_status != PipelineStatus.OFF
        if self.is_pipeline_open and not is_in_pipeline:
            self.end_pipeline()
        self.is_pipeline_open = is_in_pipeline
        if not is_in_pipeline or sql.startswith("SELECT") or "RETURNING" in sql:
            self.waits.append(sql)

    def end_pipeline(self) -> None:
        if self.is_pipeline_open:
            self.waits.append("the end of a pipeline")
        self.is_pipeline_open = False


@contextmanager
def round_trips() -> Iterator[RoundTrips]:
    counted = RoundTrips()
    with connection.execute_wrapper(counted):
        yield counted
    counted.end_pipeline()
