"""A merchant's account at the sandbox, used over HTTP as a client would, and bodies to send to it."""

from datetime import UTC, datetime
from typing import Any

from django.test import Client

from tests.factories import MerchantFactory
from tests.integrations.events import create_sandbox_connection

API = "/sandbox/klaviyo/api"
JSON = "application/vnd.api+json"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Account:
    """A merchant's own account at the sandbox, used with its key."""

    def __init__(self, **fields: Any) -> None:
        self.merchant = MerchantFactory(**fields)
        self.connection = create_sandbox_connection(self.merchant)
        self.http = Client(enforce_csrf_checks=True)
        self.headers = {
            "authorization": "Klaviyo-API-Key " + self.connection.secret,
            "revision": "2026-07-15",
        }

    def post(self, path: str, body: Any, content_type: str = JSON) -> Any:
        return self.http.post(API + path, body, content_type=content_type, headers=self.headers)

    def get(self, path: str, **query: str) -> Any:
        query = {name.replace("page_", "page[") + "]" if "page_" in name else name: v for name, v in query.items()}
        return self.http.get(API + path, query, headers=self.headers)


def event_body(metric: str = "ordergroove.order.cancel", email: str = "ana@shop.test", **attributes: Any) -> dict:
    profile = attributes.pop("profile", {"email": email})
    name = {"name": metric}
    return {
        "data": {
            "type": "event",
            "attributes": {
                "properties": {"id": "9f1c", "quantity": 2},
                "time": "2026-11-20T12:00:00.000Z",
                "unique_id": "u1",
                "metric": {"data": {"type": "metric", "attributes": name}},
                "profile": {"data": {"type": "profile", "attributes": profile}},
                **attributes,
            },
        }
    }


def bulk_body(*events: dict) -> dict:
    """A bulk create of events, each made by `event_body` and with a profile of its own."""
    entries = []
    for event in events:
        attributes = dict(event["data"]["attributes"])
        own = {"profile": attributes.pop("profile"), "events": {"data": [{"type": "event", "attributes": attributes}]}}
        entries.append({"type": "event-bulk-create", "attributes": own})
    return {"data": {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": entries}}}}


def import_body(*profiles: dict) -> dict:
    data = [{"type": "profile", "attributes": attributes} for attributes in profiles]
    return {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": data}}}}


def profile_body(public_id: str | None = None, **attributes: Any) -> dict:
    data = {"type": "profile", "attributes": attributes}
    return {"data": data | ({"id": public_id} if public_id else {})}
