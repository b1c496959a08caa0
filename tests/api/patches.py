"""Changes of a subscription sent over REST."""

import json

from django.test import Client

from subscriptions.models import Subscription

SETTINGS = {"every": 1, "every_period": 3, "start_date": "2026-11-19"}


def patch_subscription(client: Client, row: Subscription, verb: str, body: object = None, **headers: str):
    address = f"/api/subscriptions/{row.public_id.hex}/{verb}/"
    text = "" if body is None else json.dumps(body)
    return client.patch(address, text, content_type="application/json", headers=headers)
