"""A test message to the merchant's platform: signed as an order is, but empty, so that nothing can be placed."""

from typing import cast

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from subscriptions.models import Effect, GatewaySettings
from subscriptions.placement import json_codec, xml_codec
from subscriptions.placement.http_gateway import Codec, HttpSender, NoAnswer, NotSent
from subscriptions.placement.results import PlacementResult, no_answer_result, result_of_reply
from subscriptions.placement.signature import authorization_header

EMPTY_POSTS: dict[str, tuple[Codec, bytes]] = {
    GatewaySettings.Kind.XML: (xml_codec.XML_CODEC, b'<?xml version="1.0" encoding="UTF-8"?><order/>'),
    GatewaySettings.Kind.JSON: (json_codec.JSON_CODEC, b"{}"),
}
CUSTOMER = "test"


def probe_gateway(gateway: GatewaySettings) -> PlacementResult:
    """What the platform answers to an order without content; a sound one refuses it. Takes up to 65 s."""
    if not gateway.merchant.storefront_key:
        return PlacementResult(Effect.NOT_SENT, message="There is no key to sign with; set one first.")
    codec, content = EMPTY_POSTS[gateway.kind]
    headers = {
        "Content-Type": codec.media_type,
        "Authorization": authorization_header(gateway.merchant, CUSTOMER, int(timezone.now().timestamp())),
        "Idempotency-Key": CUSTOMER,
        "X-Reprise-Attempt": "0",
    }
    try:
        return result_of_reply(
            cast(HttpSender, import_string(settings.ORDER_POST_SENDER))(gateway.url, headers, content), codec.read_reply
        )
    except NotSent as error:
        return PlacementResult(Effect.NOT_SENT, message=str(error))
    except NoAnswer as error:
        return no_answer_result(str(error))
