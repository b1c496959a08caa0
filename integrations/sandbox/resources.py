"""The sandbox's rows as JSON:API resources of Klaviyo's API."""

import hashlib
from base64 import b32encode
from datetime import datetime
from typing import Any

from integrations.models import SandboxEvent, SandboxProfile
from subscriptions.models import Merchant

Resource = dict[str, Any]


def short_id(merchant: Merchant, name: str) -> str:
    """Eight letters and digits, always the same for a merchant and a name, such as that of a metric."""
    digest = hashlib.blake2b(f"{merchant.public_id.hex}:{name}".encode(), digest_size=5).digest()
    return b32encode(digest).decode()


def event_resource(row: SandboxEvent, merchant: Merchant, api: str) -> Resource:
    """`api` is the URL of the API's root, for the links."""
    attributes = {
        "timestamp": int(row.time.timestamp()),
        "event_properties": row.properties | {"$event_id": row.unique_id},
        "datetime": row.time.isoformat(),
        "uuid": str(row.public_id),
    }
    metric_id = short_id(merchant, row.metric)
    relationships = {
        "profile": {"data": {"type": "profile", "id": row.profile.public_id.hex}},
        "metric": {"data": {"type": "metric", "id": metric_id}},
    }
    found = _resource("event", row.public_id.hex, attributes, f"{api}/events/{row.public_id.hex}")
    return found | {"relationships": relationships}


def metric_resource(name: str, created: datetime, updated: datetime, merchant: Merchant, api: str) -> Resource:
    public_id = short_id(merchant, name)
    attributes = {
        "name": name,
        "created": created.isoformat(),
        "updated": updated.isoformat(),
        "integration": {"object": "integration", "key": "api", "name": "API", "category": "API"},
    }
    return _resource("metric", public_id, attributes, f"{api}/metrics/{public_id}")


def profile_resource(row: SandboxProfile, api: str) -> Resource:
    attributes = {
        "email": row.email or None,
        "phone_number": row.phone_number or None,
        "external_id": row.external_id or None,
        "first_name": row.first_name or None,
        "last_name": row.last_name or None,
        "created": row.created.isoformat(),
        "updated": row.updated.isoformat(),
        "properties": row.properties,
        **row.details,
    }
    return _resource("profile", row.public_id.hex, attributes, f"{api}/profiles/{row.public_id.hex}")


def account_resource(merchant: Merchant, api: str) -> Resource:
    public_id = short_id(merchant, "account")
    attributes = {
        "test_account": True,
        "contact_information": {
            "default_sender_name": merchant.name,
            "default_sender_email": "sandbox@localhost",
            "website_url": merchant.shop_url,
            "organization_name": merchant.name,
            "street_address": {},
        },
        "industry": None,
        "timezone": merchant.time_zone,
        "preferred_currency": merchant.currency_code,
        "public_api_key": public_id,
        "locale": "en-US",
    }
    return _resource("account", public_id, attributes, f"{api}/accounts/{public_id}")


def _resource(kind: str, public_id: str, attributes: dict[str, Any], address: str) -> Resource:
    return {"type": kind, "id": public_id, "attributes": attributes, "links": {"self": address}}
