"""Requests with a connection's key, and what it means that one failed."""

from dataclasses import replace

import httpx

from integrations import http
from integrations.models import Connection
from subscriptions.models.fields import Secret


class InvalidSetup(Exception):
    """The connection's key or address cannot work; the sentence says why."""


def call_with_key(
    connection: Connection, method: str, url: str, *, scheme: str, headers: dict[str, str], body: bytes | None = None
) -> http.Reply:
    """One request whose `Authorization` is `scheme` and the key. Raises InvalidSetup, and as `http.send_request`."""
    key = connection.secret.strip()
    if not key:
        raise InvalidSetup("The connection has no private key; enter one.")
    if not (key.isascii() and key.isprintable()):
        raise InvalidSetup("The key contains characters that a key cannot have.")
    credentials = {"Authorization": scheme + key}
    try:
        reply = http.send_request(
            method, url, headers=credentials | headers, content=body, own_sandbox=connection.merchant.is_test
        )
    except httpx.InvalidURL as error:
        raise InvalidSetup(f"{url} is not a valid address.") from error
    # Staff of every role read what the other side answers; a misdirected request may be echoed with its headers.
    return replace(reply, body=reply.body.replace(key.encode(), Secret.MASK.encode()))
