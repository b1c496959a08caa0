"""Log lines as JSON, an object each, for what collects logs."""

import json
import logging
from datetime import UTC, datetime

# What each record has; the rest was given with `extra` or by a filter.
USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime"}


class JsonFormatter(logging.Formatter):
    """`time`, `level`, `logger`, `message`, `exception`, and the plain values that the line was given, such as ids."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str | int | float] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        given = {name: value for name, value in vars(record).items() if name not in USUAL and value != "-"}
        # Not objects: a request would tell its query, which may hold a token.
        line |= {name: value for name, value in given.items() if isinstance(value, str | int | float)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
