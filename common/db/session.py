"""The statements of one session of PostgreSQL: each is prepared at its first run, and several leave together.

psycopg's cursors and Django's around them take longer for a small statement than PostgreSQL does, most of it to find
out the types of its values again. Here PostgreSQL takes the types from the statement, and the values go as text. This
uses psycopg from its layer of libpq on (`psycopg.pq`), with its waiting, its errors and its conversion of rows.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import DataError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.types.json import Jsonb

# A few dozen statements run all the time; some have a merchant's key in their text.
MOST_STATEMENTS = 300
# Of a result that is held until the statement is read again.
MOST_ROWS = 100
REFUSED = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)
PLACEHOLDER = re.compile("%([sb%])")
FORMATS = {"s": PyFormat.AUTO, "b": PyFormat.BINARY}


def _text(value: str) -> bytes:
    if "\0" in value:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return value.encode()


# Values of exactly these types are written as the text that PostgreSQL reads for each type they may stand for.
WRITERS: dict[type, Callable[[Any], bytes | None]] = {
    type(None): lambda value: None,
    bool: lambda value: b"true" if value else b"false",
    int: lambda value: b"%d" % value,
    str: _text,
    UUID: lambda value: str(value).encode(),
    Decimal: lambda value: str(value).encode(),
    date: lambda value: str(value).encode(),
    datetime: lambda value: str(value).encode(),
    Jsonb: lambda value: (value.dumps or json.dumps)(value.obj).encode(),
}


class Statement:
    """The text of a statement as PostgreSQL takes it, and how its rows are read."""

    def __init__(self, sql: str, types: tuple[int, ...] | None, name: bytes, context: Any) -> None:
        numbers: Iterator[int] = iter(range(1, 1 << 16))
        text = PLACEHOLDER.sub(lambda found: "%" if found[1] == "%" else f"${next(numbers)}", sql)
        self.command, self.types, self.name = text.encode(), types, name
        self.is_prepared, self.reader, self.has_loaders = False, Transformer(context), False

    def read(self, result: Any) -> list[tuple[Any, ...]]:
        self.reader.set_pgresult(result, set_loaders=not self.has_loaders)
        rows = self.reader.load_rows(0, result.ntuples, tuple)
        # The reader keeps its loaders, but also the result that it read last.
        self.has_loaders = len(rows) <= MOST_ROWS
        if not self.has_loaders:
            self.reader.set_pgresult(None)
        return rows


class Answer:
    """A statement that was sent or soon will be. Who asks for its rows or their number waits for them."""

    __slots__ = ("formats", "result", "session", "statement", "values")

    def __init__(self, session: "Session", statement: Statement, values: Sequence[Any], formats: Any) -> None:
        self.session, self.statement, self.values, self.formats = session, statement, values, formats
        self.result: Any = None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.statement.read(self._arrived())

    @property
    def rowcount(self) -> int:
        return self._arrived().command_tuples or 0

    def _arrived(self) -> Any:
        if self.result is None:
            self.session.send_all()
        return self.result


class Session:
    """`connection` is Django's. Statements wait in `unsent` while `pipelines` are open."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.raw = connection, connection.connection
        self.cursor = connection.cursor()  # its conversions are Django's
        self.prepares = self.raw.prepare_threshold is not None
        self.statements: OrderedDict[tuple[str, tuple[int, ...] | None], Statement] = OrderedDict()
        self.made, self.dropped = 0, list[Statement]()
        self.unsent: list[Answer] = []
        self.pipelines = 0

    def run(self, sql: str, values: Sequence[Any], many: bool = False, context: Any = None) -> Answer:
        """Send the statement, or inside a pipeline note it. The signature is that of Django's `execute_wrapper`."""
        try:
            types, formats = None, None
            written: Sequence[Any] = [None if value is None else WRITERS[type(value)](value) for value in values]
        except KeyError:
            types, formats, written = self._convert(sql, values)
        answer = Answer(self, self._statement(sql, types), written, formats)
        self.unsent.append(answer)
        if not self.pipelines:
            self.send_all()
        return answer

    def send_all(self) -> None:
        """Send what is unsent, and wait for the answers. Raises the first error among them."""
        unsent, self.unsent = self.unsent, []
        if unsent:
            with self.connection.wrap_database_errors:
                self.raw.wait(self._exchange(unsent))

    def _convert(self, sql: str, values: Sequence[Any]) -> tuple[tuple[int, ...] | None, Any, Sequence[Any]]:
        """Values of other types, such as lists, by psycopg's conversions, which name their types."""
        converter = Transformer(self.cursor.cursor)
        others = [None if type(value) in WRITERS else value for value in values]
        formats = [FORMATS[found[1]] for found in PLACEHOLDER.finditer(sql) if found[1] != "%"]
        with self.connection.wrap_database_errors:
            converted = converter.dump_sequence(others, formats)
        pairs = zip(values, converted, strict=True)
        written = [WRITERS[type(value)](value) if type(value) in WRITERS else each for value, each in pairs]
        return converter.types, converter.formats, written

    def _statement(self, sql: str, types: tuple[int, ...] | None) -> Statement:
        key = sql, types
        if (known := self.statements.get(key)) is not None:
            self.statements.move_to_end(key)
            return known
        self.made += 1
        self.statements[key] = made = Statement(sql, types, f"kept_{self.made}".encode(), self.cursor.cursor)
        if len(self.statements) > MOST_STATEMENTS:
            self.dropped.append(self.statements.popitem(last=False)[1])
        return made

    def _exchange(self, unsent: Sequence[Answer]) -> Iterator[Any]:
        """Send all at once, then read the results, one for each command."""
        pgconn, error = self.raw.pgconn, None
        pgconn.enter_pipeline_mode()
        try:
            expected = self._send_commands(pgconn, unsent)
            pgconn.pipeline_sync()
            yield from send(pgconn)
            for each in expected:
                (result,) = yield from fetch_many(pgconn)
                if result.status not in REFUSED:
                    if isinstance(each, Answer):
                        each.result = result
                    continue
                if isinstance(each, Statement):
                    each.is_prepared = False
                if error is None and result.status == ExecStatus.FATAL_ERROR:
                    error = error_from_result(result, self.raw.info.encoding)
            yield from fetch_many(pgconn)  # of the sync
        finally:
            if pgconn.status == ConnStatus.OK:
                pgconn.exit_pipeline_mode()
        if error is not None:
            raise error

    def _send_commands(self, pgconn: Any, unsent: Sequence[Answer]) -> list[Answer | Statement | None]:
        """Give the commands to libpq, and return what each of their results is for."""
        expected: list[Answer | Statement | None] = []
        if not self.raw.autocommit and pgconn.transaction_status == TransactionStatus.IDLE:
            pgconn.send_query_params(b"BEGIN", None)
            expected.append(None)
        for answer in unsent:
            statement = answer.statement
            if not self.prepares:
                pgconn.send_query_params(statement.command, answer.values, statement.types, answer.formats)
            else:
                if not statement.is_prepared:
                    pgconn.send_prepare(statement.name, statement.command, statement.types)
                    statement.is_prepared = True
                    expected.append(statement)
                pgconn.send_query_prepared(statement.name, answer.values, answer.formats)
            expected.append(answer)
        # Only now: one of them may have been among the unsent.
        while self.dropped:
            if (dropped := self.dropped.pop()).is_prepared:
                pgconn.send_query_params(b"DEALLOCATE " + dropped.name, None)
                expected.append(None)
        return expected
