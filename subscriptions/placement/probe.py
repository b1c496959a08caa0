"""A test message to the merchant's platform: signed as an order is, but empty, so that nothing can be placed."""

from typing import cast

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from subscriptions.models import Effect, GatewaySettings
from subscriptions.placement import json_codec, xml_codec
from subscriptions.placement.answers import Answer, judge, no_answer
from subscriptions.placement.http_gateway import Codec, HttpSender, NoAnswer, NotSent
from subscriptions.placement.signature import authorization

EMPTY: dict[str, tuple[Codec, bytes]] = {
    GatewaySettings.Kind.XML: (xml_codec.FORM, b'<?xml version="1.0" encoding="UTF-8"?><order/>'),
    GatewaySettings.Kind.JSON: (json_codec.FORM, b"{}"),
}
CUSTOMER = "test"


def probe(gateway: GatewaySettings) -> Answer:
    """What the platform answers to an order without content; a sound one refuses it. Takes up to 65 s."""
    if not gateway.merchant.storefront_key:
        return Answer(Effect.NOT_SENT, message="There is no key to sign with; set one first.")
    form, content = EMPTY[gateway.kind]
    headers = {
        "Content-Type": form.media_type,
        "Authorization": authorization(gateway.merchant, CUSTOMER, int(timezone.now().timestamp())),
        "Idempotency-Key": CUSTOMER,
        "X-Reprise-Attempt": "0",
    }
    try:
        return judge(
            cast(HttpSender, import_string(settings.ORDER_POST_SENDER))(gateway.url, headers, content), form.read
        )
    except NotSent as error:
        return Answer(Effect.NOT_SENT, message=str(error))
    except NoAnswer as error:
        return no_answer(str(error))
