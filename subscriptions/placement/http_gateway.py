"""Order posts over HTTP: the gateway to the merchant's own platform."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, cast

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from subscriptions.models import GatewaySettings, Merchant
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.results import (
    PlacementResult,
    PlatformReply,
    ReadReply,
    body_excerpt,
    no_answer_result,
    not_sent_result,
    result_of_reply,
)
from subscriptions.placement.signature import authorization_header


class NotSent(Exception):
    """Nothing was sent; the sentence says why."""


class NoAnswer(Exception):
    """The order may have arrived, but no complete reply came; the sentence says why."""


class HttpSender(Protocol):
    """Outbound HTTP, `ORDER_POST_SENDER` in the settings."""

    def __call__(self, url: str, headers: dict[str, str], content: bytes) -> PlatformReply:
        """Post `content`, with 5 s to connect and 60 s to reply. Raises NotSent or NoAnswer.

        It follows no redirects, and cuts the reply's body one byte after 1 MiB.
        """
        ...


class EncodeOrder(Protocol):
    def __call__(self, request: PlacementRequest, *, with_card: bool) -> bytes:
        """The body of the post. Raises ValueError if card data cannot be encrypted."""
        ...


@dataclass(frozen=True, slots=True)
class Codec:
    """How an order is encoded and its reply read."""

    media_type: str
    encode: EncodeOrder
    read_reply: ReadReply


@dataclass(frozen=True, slots=True)
class HttpGateway:
    """The merchant's own platform."""

    codec: Codec

    def place(self, request: PlacementRequest) -> PlacementResult:
        return make_attempt(self.codec, request, lambda: self._post(request))

    def _post(self, request: PlacementRequest) -> PlatformReply:
        merchant, codec = request.merchant, self.codec
        gateway: GatewaySettings = merchant.gateway
        if not merchant.storefront_key:
            raise NotSent("The merchant has no storefront key to sign orders with; set one in the settings.")
        try:
            body = codec.encode(request, with_card=not gateway.without_card)
        except ValueError as error:
            raise NotSent(str(error)) from error
        customer, tries = request.customer.merchant_user_id, request.order.tries
        return send_post(gateway.url, post_headers(merchant, codec, customer, key=request.key, tries=tries), body)


class NoGateway:
    """Stands in while no platform is set up: orders wait until one is."""

    def place(self, request: PlacementRequest) -> PlacementResult:
        return not_sent_result("No gateway is set up; say where orders go in the settings.")


def make_attempt(codec: Codec, request: PlacementRequest, send: Callable[[], PlatformReply]) -> PlacementResult:
    """The result of `send`, with the beginning of the order post for the placement log."""
    result = result_of_post(codec, send)
    return replace(result, request=body_excerpt(codec.encode(request, with_card=False)))


def result_of_post(codec: Codec, send: Callable[[], PlatformReply]) -> PlacementResult:
    """The result of `send`, whether or not a reply comes."""
    try:
        return result_of_reply(send(), codec.read_reply)
    except NotSent as error:
        return not_sent_result(str(error))
    except NoAnswer as error:
        return no_answer_result(str(error))


def send_post(url: str, headers: dict[str, str], body: bytes) -> PlatformReply:
    """Raises NotSent or NoAnswer."""
    sender = cast(HttpSender, import_string(settings.ORDER_POST_SENDER))
    return sender(url, headers, body)


def post_headers(merchant: Merchant, codec: Codec, merchant_user_id: str, *, key: str, tries: int) -> dict[str, str]:
    """`key` is the idempotency key, `tries` the number of the attempt."""
    now = int(timezone.now().timestamp())
    return {
        "Content-Type": codec.media_type,
        "Authorization": authorization_header(merchant, merchant_user_id, now),
        "Idempotency-Key": key,
        "X-Reprise-Attempt": str(tries),
    }
