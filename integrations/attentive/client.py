"""The calls of Attentive's API that the portal makes.

Its subscription endpoints are never called: they send text messages.
"""

from django.conf import settings

from integrations import http
from integrations.esp.calls import call_with_key
from integrations.models import Connection

EVENTS_PATH = "/events/custom"
ATTRIBUTES_PATH = "/attributes/custom"


def create_event(connection: Connection, body: bytes) -> http.Reply:
    """`POST /events/custom`, which returns 200. Raises InvalidSetup, and as `http.send_request` does."""
    return _call_api(connection, "POST", EVENTS_PATH, body)


def set_attributes(connection: Connection, body: bytes) -> http.Reply:
    """`POST /attributes/custom`, which returns 200. Raises as `create_event` does."""
    return _call_api(connection, "POST", ATTRIBUTES_PATH, body)


def get_me(connection: Connection) -> http.Reply:
    """`GET /me`, which returns 200 with the key's app and company. Raises as `create_event` does."""
    return _call_api(connection, "GET", "/me")


def _call_api(connection: Connection, method: str, path: str, body: bytes | None = None) -> http.Reply:
    base_url = (connection.base_url or settings.ATTENTIVE_BASE_URL).rstrip("/")
    headers = {"Content-Type": "application/json"}
    return call_with_key(connection, method, base_url + path, scheme="Bearer", headers=headers, body=body)
