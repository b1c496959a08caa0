"""The id of the request being answered, for its answer and for every log line it causes."""

import logging
import re
import uuid
from contextvars import ContextVar

from django.core.signals import request_finished
from django.dispatch import receiver

GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
current: ContextVar[str] = ContextVar("request_id", default="-")


def choose(given: str | None) -> str:
    """The caller's id where it is well-formed, else a fresh UUID."""
    return given if given and GIVEN.fullmatch(given) else str(uuid.uuid4())


@receiver(request_finished)
def clear(**_: object) -> None:
    # Not when the middleware returns: Django logs the failed request after that.
    current.set("-")


class Filter(logging.Filter):
    """Gives log records `request_id`, `-` outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True
