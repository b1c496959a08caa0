"""Calls of the operations, and what the contract says of their answers."""

import json
from typing import Any

from django.test import Client

from subscriptions.models import Merchant, Order, Subscription
from tests.api.commerce.world import Operation, World
from tests.api.signatures import signature_header

SUBSCRIPTION = """customer merchant product payment shipping_address offer subscription_type raw_subscription_type
    components extra_data public_id quantity price frequency_days reminder_days every every_period start_date cancelled
    cancel_reason iteration sequence session_id merchant_order_id created updated live external_id product_attribute
    cancel_reason_code customer_rep club queued_actions prepaid_subscription_context currency_code
    free_trial_subscription_context grantees"""
ORDER = """merchant customer payment shipping_address public_id sub_total tax_total shipping_total discount_total total
    created updated place cancelled tries generic_error_count status type order_merchant_id rejected_message
    rejected_error_code extra_data locked oos_free_shipping currency_code"""
ITEM = """order offer subscription product components subscription_component quantity public_id product_attribute price
    extra_cost total_price one_time frozen first_placed order_updated"""
# The keys of the objects, as section 5 of the contract lists them.
SUBSCRIPTION_KEYS, ORDER_KEYS, ITEM_KEYS = (text.split() for text in (SUBSCRIPTION, ORDER, ITEM))


def send(client: Client, operation: Operation, w: World, address: str = "", **options: Any) -> Any:
    body = json.dumps(operation.body(w)) if operation.body else ""
    return call(client, operation.method, address or operation.address(w), body, **options)


def call(client: Client, method: str, address: str, body: object = "", **options: Any) -> Any:
    """`body` is a text, or what becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    kind = {} if method == "get" else {"content_type": "application/json", "data": text}
    return getattr(client, method)(address, **kind, **options)


def signed(merchant: Merchant, customer: str, scope: str = "S") -> Client:
    header = signature_header(merchant, customer, recognized=scope == "R")
    return Client(headers={"Authorization": header}, raise_request_exception=False)


def patch(client: Client, w: World, what: str, body: object = "", **options: Any) -> Any:
    """PATCH of the world's `what`, such as `orders/cancel`."""
    room, verb = what.split("/", 1)
    return call(client, "patch", f"/api/{room}/{w.id(room.removesuffix('s'))}/{verb}/", body, **options)


def read(client: Client, w: World, room: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/{room}/{w.id(room.removesuffix('s'))}/").json()
    return found


def is_refused(answer: Any, body: dict[str, Any], code: str | None) -> bool:
    return (answer.status_code, answer.json(), answer.get("X-Error-Code")) == (400, body, code)


def next_order(subscription: Subscription) -> Order:
    return subscription.items.get(upcoming=True).order
