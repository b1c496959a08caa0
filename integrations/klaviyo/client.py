"""The calls of Klaviyo's API that the portal makes."""

from django.conf import settings

from integrations import http
from integrations.esp.calls import call_with_key
from integrations.models import Connection

REVISION = "2026-07-15"
MEDIA_TYPE = "application/vnd.api+json"
EVENTS_PATH = "/api/events"
BULK_EVENTS_PATH = "/api/event-bulk-create-jobs"


def create_event(connection: Connection, body: bytes) -> http.Reply:
    """`POST /api/events`, which returns 202. Raises InvalidSetup, and as `http.send_request` does."""
    return call_api(connection, "POST", EVENTS_PATH, body)


def create_events(connection: Connection, body: bytes) -> http.Reply:
    """`POST /api/event-bulk-create-jobs`, which returns 202. Raises as `create_event` does."""
    return call_api(connection, "POST", BULK_EVENTS_PATH, body)


def get_accounts(connection: Connection) -> http.Reply:
    """`GET /api/accounts`, which returns 200 with the key's account. Raises as `create_event` does."""
    return call_api(connection, "GET", "/api/accounts")


def get_import_jobs(connection: Connection) -> http.Reply:
    """`GET /api/profile-bulk-import-jobs`, which returns 200 with the newest one. Raises as `create_event` does."""
    return call_api(connection, "GET", "/api/profile-bulk-import-jobs?page%5Bsize%5D=1")


def call_api(
    connection: Connection, method: str, path: str, body: bytes | None = None, *, limits: http.Limits = http.LIMITS
) -> http.Reply:
    """One request with the connection's key. Raises as `create_event` does."""
    base_url = (connection.base_url or settings.KLAVIYO_BASE_URL).rstrip("/")
    headers = {
        "revision": REVISION,
        "Accept": MEDIA_TYPE,
        "Content-Type": MEDIA_TYPE,
        # Once our revision is retired, Klaviyo returns 410 instead of the answer of a newer revision.
        "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
    }
    return call_with_key(
        connection, method, base_url + path, scheme="Klaviyo-API-Key", headers=headers, body=body, limits=limits
    )
