"""The calls of Klaviyo's API that the portal makes."""

from collections.abc import Callable
from dataclasses import replace

import httpx
from django.conf import settings

from common.web.outbound_address import AddressRefused
from integrations import http
from integrations.base import Answer, Outcome
from integrations.models import Connection
from subscriptions.models.fields import Secret

REVISION = "2026-07-15"
MEDIA_TYPE = "application/vnd.api+json"


class InvalidSetup(Exception):
    """The connection's key or address cannot work; the sentence says why."""


def create_event(connection: Connection, body: bytes) -> http.Reply:
    """`POST /api/events`, which returns 202. Raises InvalidSetup, and as `http.send_request` does."""
    return call_api(connection, "POST", "/api/events", body)


def create_events(connection: Connection, body: bytes) -> http.Reply:
    """`POST /api/event-bulk-create-jobs`, which returns 202. Raises as `create_event` does."""
    return call_api(connection, "POST", "/api/event-bulk-create-jobs", body)


def get_accounts(connection: Connection) -> http.Reply:
    """`GET /api/accounts`, which returns 200 with the key's account. Raises as `create_event` does."""
    return call_api(connection, "GET", "/api/accounts")


def call_api(
    connection: Connection, method: str, path: str, body: bytes | None = None, *, limits: http.Limits = http.LIMITS
) -> http.Reply:
    """One request with the connection's key. Raises as `create_event` does."""
    base_url = (connection.base_url or settings.KLAVIYO_BASE_URL).rstrip("/")
    key = connection.secret.strip()
    if not key:
        raise InvalidSetup("The connection has no private key; enter one.")
    if not (key.isascii() and key.isprintable()):
        raise InvalidSetup("The key contains characters that a key cannot have.")
    headers = {
        "Authorization": "Klaviyo-API-Key " + key,
        "revision": REVISION,
        "Accept": MEDIA_TYPE,
        "Content-Type": MEDIA_TYPE,
        # Once our revision is retired, Klaviyo returns 410 instead of the answer of a newer revision.
        "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
    }
    try:
        reply = http.send_request(
            method,
            base_url + path,
            headers=headers,
            content=body,
            own_sandbox=connection.merchant.is_test,
            limits=limits,
        )
    except httpx.InvalidURL as error:
        raise InvalidSetup(f"{base_url} is not a valid address.") from error
    # Staff of every role read what the other side answers; a misdirected request may be echoed with its headers.
    return replace(reply, body=reply.body.replace(key.encode(), Secret.MASK.encode()))


def answer_of(call: Callable[[], http.Reply], read: Callable[[http.Reply], Answer]) -> Answer:
    """What `read` makes of the reply, or what it means that there is none."""
    try:
        return read(call())
    except (InvalidSetup, AddressRefused) as error:
        return Answer(Outcome.PAUSE, detail=str(error))
    except httpx.TransportError as error:
        return Answer(Outcome.RETRY, detail=http.describe_failure(error))
