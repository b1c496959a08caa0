"""The calls of Gladly's API that the portal makes."""

from base64 import b64encode
from urllib.parse import urlencode

from integrations import http
from integrations.esp.calls import InvalidSetup, call_authorized, read_key
from integrations.models import Connection

PROFILES_PATH = "/customer-profiles"
ITEMS_PATH = "/conversation-items"


def profiles_path(email: str) -> str:
    return f"{PROFILES_PATH}?{urlencode({'email': email})}"


def find_profiles(connection: Connection, email: str) -> http.Reply:
    """`GET /customer-profiles`: 200 with a list. Raises InvalidSetup, and as `http.send_request` does."""
    return _call_api(connection, "GET", profiles_path(email))


def create_item(connection: Connection, body: bytes) -> http.Reply:
    """`POST /conversation-items`: 200, or 409 for an ID that is taken. Raises as `find_profiles` does."""
    return _call_api(connection, "POST", ITEMS_PATH, body)


def _call_api(connection: Connection, method: str, path: str, body: bytes | None = None) -> http.Reply:
    if not connection.base_url:
        raise InvalidSetup("The connection has no Gladly organization; enter one.")
    user, token = connection.gladly.api_user, read_key(connection)
    credentials = b64encode((user + ":" + token).encode()).decode()
    return call_authorized(
        connection,
        method,
        connection.base_url.rstrip("/") + path,
        "Basic " + credentials,
        hidden=[token, credentials],
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=body,
    )
