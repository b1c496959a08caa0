"""The test of a gateway: an order post that is signed like a real one but empty, so that nothing is placed."""

from subscriptions.models import GatewaySettings
from subscriptions.placement.http_gateway import Codec, post_headers, result_of_post, send_post
from subscriptions.placement.json_codec import JSON_CODEC
from subscriptions.placement.results import PlacementResult, not_sent_result
from subscriptions.placement.xml_codec import XML_CODEC

EMPTY_POSTS: dict[str, tuple[Codec, bytes]] = {
    GatewaySettings.Kind.XML: (XML_CODEC, b'<?xml version="1.0" encoding="UTF-8"?><order/>'),
    GatewaySettings.Kind.JSON: (JSON_CODEC, b"{}"),
}
TEST_ID = "test"  # the customer's id and the idempotency key


def probe_gateway(gateway: GatewaySettings) -> PlacementResult:
    """The result of posting an empty order, which the platform should refuse. Takes up to 65 s."""
    merchant = gateway.merchant
    if not merchant.storefront_key:
        return not_sent_result("There is no key to sign with; set one first.")
    codec, body = EMPTY_POSTS[gateway.kind]
    headers = post_headers(merchant, codec, TEST_ID, key=TEST_ID, tries=0)
    return result_of_post(codec, lambda: send_post(gateway.url, headers, body))
