"""The request a shop sends after a checkout."""

import json
from typing import Any

from django.test import Client

PATH = "/api/subscription/create/"
PLACE = {
    "first_name": "Ana",
    "last_name": "Ruiz",
    "address": "1 Main Street",
    "city": "Little Rock",
    "state_province_code": "AR",
    "zip_postal_code": "72201",
    "country_code": "US",
    "phone": "5015550100",
}


def checkout_line(product: str = "coffee", **info: Any) -> dict[str, Any]:
    return {
        "product": product,
        "subscription_info": {"quantity": 2, "tracking_override": {"every": 1, "every_period": 3}, **info},
        "purchase_info": {"quantity": 2, "price": "12.50", "total": "25.00"},
    }


def send_checkout(client: Client, body: object, **options: Any) -> Any:
    return client.post(PATH, json.dumps(body), content_type="application/json", **options)
