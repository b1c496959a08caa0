"""A stand-in for the merchant's platform: replies as staff have chosen, and places no order twice."""

import json
import time

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from common.web.outages import OUTAGES
from subscriptions.models import GatewaySettings, SimulatedOutcome, SimulatedPlacement
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.http_gateway import Codec, NoAnswer, make_attempt
from subscriptions.placement.json_codec import JSON_CODEC
from subscriptions.placement.results import REPLY_FIELDS, RESULT_CODES, PlacementResult, PlatformReply
from subscriptions.placement.xml_codec import XML_CODEC, xml_element, xml_leaves

Outcome = SimulatedOutcome.Outcome
PLACING = (Outcome.APPROVE, Outcome.LOST)
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.5
ID_PREFIX = "SIM-"  # of the order ids it gives, as a platform would
GARBAGE = b"<html>\xff\x00 We are sorry: <order><code>SUCC"
COUNT_POST = """
INSERT INTO subscriptions_simulatedplacement AS known
    (merchant_id, order_public_id, times_asked, outcome, order_merchant_id, created)
VALUES (%s, %s, 1, '', '', %s)
ON CONFLICT (merchant_id, order_public_id) DO UPDATE SET times_asked = known.times_asked + 1
RETURNING *
"""


class Simulator:
    """Counts the posts of each order. Once an order is placed, every later post gets the same reply."""

    def place(self, request: PlacementRequest) -> PlacementResult:
        settings: GatewaySettings | None = getattr(request.merchant, "gateway", None)
        codec = JSON_CODEC if settings and settings.kind == GatewaySettings.Kind.JSON else XML_CODEC
        return make_attempt(codec, request, lambda: _reply_patiently(request, codec))


def _reply_patiently(request: PlacementRequest, codec: Codec) -> PlatformReply:
    """`_reply_to` as soon as the database is there, whose outage no real platform would share."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _reply_to(request, codec)
        except OUTAGES:
            if connection.in_atomic_block or time.monotonic() > ends:
                raise
            connection.close_if_unusable_or_obsolete()
            time.sleep(PAUSE_SECONDS)


def _reply_to(request: PlacementRequest, codec: Codec) -> PlatformReply:
    chosen = _chosen_outcome(request)
    if chosen:
        time.sleep(chosen.milliseconds / 1000)
    placement = _record_post(request, chosen)
    match placement.outcome:
        case Outcome.APPROVE:
            return PlatformReply(200, _encode_reply(codec, "SUCCESS", placement.order_merchant_id))
        case Outcome.PROCESSING:
            return PlatformReply(200, _encode_reply(codec, "PROCESSING"))
        case Outcome.TIMEOUT | Outcome.LOST:
            raise NoAnswer("The simulator let the time run out.")
        case Outcome.SERVER_ERROR:
            return PlatformReply(500, b"Internal Server Error")
        case Outcome.GARBAGE:
            return PlatformReply(200, GARBAGE)
    code = RESULT_CODES.get(placement.outcome)
    meaning = code.meaning if code else "Nobody knows this code."
    return PlatformReply(200, _encode_reply(codec, "ERROR", "", placement.outcome, meaning))


def _chosen_outcome(request: PlacementRequest) -> SimulatedOutcome | None:
    """What staff chose for the order's payment, or else for the first product on it that has a choice."""
    products = [item.product_id for item in request.items]
    rows = SimulatedOutcome.objects.filter(
        Q(payment=request.order.payment_id) | Q(product__in=products), merchant=request.merchant
    )
    by_product = {row.product_id: row for row in rows}  # the payment's under None
    return next((by_product[product] for product in [None, *products] if product in by_product), None)


def _record_post(request: PlacementRequest, chosen: SimulatedOutcome | None) -> SimulatedPlacement:
    """Count this post of the order, and decide its outcome. Posts of the same order wait for each other."""
    with transaction.atomic():
        values = [request.merchant.pk, request.order.public_id, timezone.now()]
        (placement,) = SimulatedPlacement.objects.raw(COUNT_POST, values)
        is_placed = bool(placement.order_merchant_id)
        used_up = chosen and chosen.times is not None and placement.times_asked > chosen.times
        placement.outcome = Outcome.APPROVE if chosen is None or is_placed or used_up else chosen.outcome
        if placement.outcome in PLACING:
            placement.order_merchant_id = f"{ID_PREFIX}{placement.pk}"
        placement.save(update_fields=["outcome", "order_merchant_id"])
    return placement


def _encode_reply(codec: Codec, *values: str) -> bytes:
    """A reply with these values for the first of REPLY_FIELDS."""
    fields = dict(zip(REPLY_FIELDS, values, strict=False))
    return json.dumps(fields).encode() if codec is JSON_CODEC else xml_element("order", xml_leaves(fields)).encode()
