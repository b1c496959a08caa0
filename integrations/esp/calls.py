"""Requests with a connection's key, and what it means that one failed."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx

from common.web.outbound_address import AddressRefused
from integrations import http
from integrations.base import Answer, Outcome
from integrations.models import Connection
from subscriptions.models.fields import Secret

NOTHING_SENT = ""
"""The road of an answer that nobody gave, as no request left."""


class InvalidSetup(Exception):
    """The connection's key or address cannot work; the sentence says why."""


def call_with_key(
    connection: Connection,
    method: str,
    url: str,
    *,
    scheme: str,
    headers: dict[str, str],
    body: bytes | None = None,
    limits: http.Limits = http.LIMITS,
) -> http.Reply:
    """One request whose `Authorization` is `scheme` and the key. Raises InvalidSetup, and as `http.send_request`."""
    key = read_key(connection)
    return call_authorized(
        connection, method, url, f"{scheme} " + key, hidden=[key], headers=headers, body=body, limits=limits
    )


def read_key(connection: Connection) -> str:
    """The connection's key as plain text. Raises InvalidSetup."""
    key = connection.secret.strip()
    if not key:
        raise InvalidSetup("The connection has no key; enter one.")
    if not (key.isascii() and key.isprintable()):
        raise InvalidSetup("The key contains characters that a key cannot have.")
    return key


def call_authorized(
    connection: Connection,
    method: str,
    url: str,
    authorization: str,
    *,
    hidden: Sequence[str],
    headers: dict[str, str],
    body: bytes | None = None,
    limits: http.Limits = http.LIMITS,
) -> http.Reply:
    """One request, whose reply is shown without the texts in `hidden`. Raises as `call_with_key` does."""
    credentials = {"Authorization": authorization}
    own_sandbox = connection.merchant.is_test
    try:
        reply = http.send_request(
            method, url, headers=credentials | headers, content=body, own_sandbox=own_sandbox, limits=limits
        )
    except httpx.InvalidURL as error:
        raise InvalidSetup(f"{url} is not a valid address.") from error
    # Staff of every role read what the other side answers; a misdirected request may be echoed with its headers.
    text = reply.body
    for secret in hidden:
        text = text.replace(secret.encode(), Secret.MASK.encode())
    return replace(reply, body=text)


def answer_of(call: Callable[[], http.Reply], read: Callable[[http.Reply], Answer]) -> Answer:
    """What `read` makes of the reply, or what it means that there is none."""
    try:
        return read(call())
    except (InvalidSetup, AddressRefused) as error:
        return Answer(Outcome.PAUSE, detail=str(error), road=NOTHING_SENT)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        return Answer(Outcome.RETRY, detail=http.describe_failure(error), road=NOTHING_SENT)
    except httpx.TransportError as error:
        return Answer(Outcome.RETRY, detail=http.describe_failure(error))
