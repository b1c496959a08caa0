"""The order post in JSON, and the reply `{"code","orderId","errorCode","errorMsg"}`."""

import json
from typing import Any

from subscriptions.objects.customers import ADDRESS, CUSTOMER, PAYMENT
from subscriptions.objects.orders import ITEM, ORDER
from subscriptions.placement.gateway import PlacementRequest, posted_incentives
from subscriptions.placement.http_gateway import Codec
from subscriptions.placement.results import (
    REPLY_FIELDS,
    PlacementResult,
    UnreadableReply,
    check_reply_length,
    document_in,
    result_of_fields,
    unreadable_result,
)

POSTED_ORDER = ORDER.without(["has_plan"])
CARD_DATA = ("cc_holder", "cc_number_ending", "cc_exp_date")


def encode_json_order(request: PlacementRequest, *, with_card: bool) -> bytes:
    """The order and its related rows, as objects of the REST API; without card data, CARD_DATA are null.

    The order and each item have `incentives` beside the keys of the REST API.
    """
    order, merchant = request.order, request.merchant
    billing = order.payment.billing_address
    payment = PAYMENT.write(order.payment, merchant)
    post = {
        "order": POSTED_ORDER.write(order, merchant) | {"incentives": posted_incentives(order)},
        "customer": CUSTOMER.write(request.customer, merchant),
        "shipping_address": ADDRESS.write(order.shipping_address, merchant),
        "billing_address": billing and ADDRESS.write(billing, merchant),
        "payment": payment if with_card else payment | dict.fromkeys(CARD_DATA),
        "items": [ITEM.write(item, merchant) | {"incentives": posted_incentives(item)} for item in request.items],
    }
    return json.dumps(post, separators=(",", ":")).encode()


def read_json_reply(body: bytes) -> PlacementResult:
    """The result that `body` means. `body` may be any bytes: an unreadable reply is a result, too."""
    try:
        return result_of_fields(json_reply_fields(body))
    except UnreadableReply as error:
        return unreadable_result(str(error))


def json_reply_fields(body: bytes) -> dict[str, str]:
    """The texts of REPLY_FIELDS; other keys are ignored. Raises UnreadableReply."""
    check_reply_length(body)
    try:
        reply = json.loads(document_in(body), object_pairs_hook=_object_of_pairs)
    except (ValueError, RecursionError) as error:
        raise UnreadableReply("The answer is not JSON.") from error
    if not isinstance(reply, dict):
        raise UnreadableReply("The answer is not a JSON object.")
    return {name: _field_text(name, reply.get(name)) for name in REPLY_FIELDS}


JSON_CODEC = Codec("application/json", encode_json_order, read_json_reply)


def _object_of_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # With a duplicate key, it is unclear which value is meant.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableReply("The answer has a key twice.")
    return found


def _field_text(name: str, value: object) -> str:
    """Platforms also send numbers."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise UnreadableReply(f"{name} in the answer is not a text.")
