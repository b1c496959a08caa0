"""A platform in this process, which answers as staff chose and places no order twice."""

import json
import time

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from subscriptions.models import GatewaySettings, SimulatedOutcome, SimulatedPlacement
from subscriptions.placement import json_codec, xml_codec
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.http_gateway import Codec, NoAnswer, make_attempt
from subscriptions.placement.results import REPLY_FIELDS, RESULT_CODES, PlacementResult, PlatformReply

Outcome = SimulatedOutcome.Outcome
PLACING = (Outcome.APPROVE, Outcome.LOST)
GARBAGE = b"<html>\xff\x00 We are sorry: <order><code>SUCC"
ASK = """
INSERT INTO subscriptions_simulatedplacement AS known
    (merchant_id, order_public_id, times_asked, outcome, order_merchant_id, created)
VALUES (%s, %s, 1, '', '', %s)
ON CONFLICT (merchant_id, order_public_id) DO UPDATE SET times_asked = known.times_asked + 1
RETURNING *
"""


class Simulator:
    """Counts every post by its idempotency key; an order that it has placed gets the same answer ever after."""

    def place(self, request: PlacementRequest) -> PlacementResult:
        codec = _form(request)
        return make_attempt(codec, request, lambda: _reply(request, codec))


def _form(request: PlacementRequest) -> Codec:
    settings: GatewaySettings | None = getattr(request.merchant, "gateway", None)
    return json_codec.JSON_CODEC if settings and settings.kind == GatewaySettings.Kind.JSON else xml_codec.XML_CODEC


def _reply(request: PlacementRequest, codec: Codec) -> PlatformReply:
    choice = _choice(request)
    if choice:
        time.sleep(choice.milliseconds / 1000)
    return _answer(codec, _remember(request, choice))


def _choice(request: PlacementRequest) -> SimulatedOutcome | None:
    """What staff chose for the payment, or else for the first item's product that has a choice."""
    products = [item.product_id for item in request.items]
    chosen = SimulatedOutcome.objects.filter(
        Q(payment=request.order.payment_id) | Q(product__in=products), merchant=request.merchant
    )
    by_product = {row.product_id: row for row in chosen}  # that of the payment under None
    return next((by_product[product] for product in [None, *products] if product in by_product), None)


def _remember(request: PlacementRequest, choice: SimulatedOutcome | None) -> SimulatedPlacement:
    """Count the post and say what comes of it, in the memory of its order; posts of one order wait for each other."""
    with transaction.atomic():
        (memory,) = SimulatedPlacement.objects.raw(ASK, [request.merchant.pk, request.order.public_id, timezone.now()])
        memory.outcome = _outcome(choice, memory)
        if memory.outcome in PLACING:
            memory.order_merchant_id = f"SIM-{memory.pk}"
        memory.save(update_fields=["outcome", "order_merchant_id"])
    return memory


def _outcome(choice: SimulatedOutcome | None, memory: SimulatedPlacement) -> str:
    if choice is None or memory.order_merchant_id or (choice.times is not None and memory.times_asked > choice.times):
        return Outcome.APPROVE
    return choice.outcome


def _answer(codec: Codec, memory: SimulatedPlacement) -> PlatformReply:
    match memory.outcome:
        case Outcome.APPROVE:
            return PlatformReply(200, _body(codec, "SUCCESS", memory.order_merchant_id))
        case Outcome.PROCESSING:
            return PlatformReply(200, _body(codec, "PROCESSING"))
        case Outcome.TIMEOUT | Outcome.LOST:
            raise NoAnswer("The simulator let the time run out.")
        case Outcome.SERVER_ERROR:
            return PlatformReply(500, b"Internal Server Error")
        case Outcome.GARBAGE:
            return PlatformReply(200, GARBAGE)
    code = RESULT_CODES.get(memory.outcome)
    return PlatformReply(
        200, _body(codec, "ERROR", "", memory.outcome, code.meaning if code else "Nobody knows this code.")
    )


def _body(codec: Codec, *values: str) -> bytes:
    """An answer with these FIELDS."""
    fields = dict(zip(REPLY_FIELDS, values, strict=False))
    if codec is json_codec.JSON_CODEC:
        return json.dumps(fields).encode()
    return xml_codec.xml_element("order", xml_codec.xml_leaves(fields)).encode()
