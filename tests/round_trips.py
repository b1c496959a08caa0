"""How often something waits for the database, which is what statements inside a pipeline cost least of all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection

from common.db.session import Answer, Session

BLOCKS = ("SAVEPOINT", "RELEASE SAVEPOINT")
send_all = Session.send_all


class RoundTrips:
    """`statements` are all that were sent; `waits` has, for each wait, the statements whose answers came with it."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.waits: list[list[str]] = []

    def note_statement(self, execute: Callable[..., Any], sql: Any, *statement: Any) -> Any:
        text, (*_, context) = str(sql).strip(), statement
        if not text.startswith(BLOCKS):
            self.statements.append(text)
            session = getattr(connection, "session", None)
            if session is None or context["cursor"] is not session.cursor:  # one of Django's
                self.waits.append([text])
        return execute(sql, *statement)

    def note_wait(self, session: Session) -> None:
        sent: list[Answer] = session.unsent
        if sent:
            self.waits.append([answer.statement.command.decode() for answer in sent])
        send_all(session)


@contextmanager
def round_trips() -> Iterator[RoundTrips]:
    counted = RoundTrips()
    waits = patch.object(Session, "send_all", lambda session: counted.note_wait(session))
    with connection.execute_wrapper(counted.note_statement), waits:
        yield counted
