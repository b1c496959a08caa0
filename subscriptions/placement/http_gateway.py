"""The order post over HTTP: headers, limits and what becomes of a post that gets no answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, cast

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from subscriptions.models import Effect, GatewaySettings
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.results import (
    PlacementResult,
    PlatformReply,
    ReadReply,
    body_excerpt,
    no_answer_result,
    printable_line,
    result_of_reply,
)
from subscriptions.placement.signature import authorization_header


class NotSent(Exception):
    """Nothing has left; the sentence says why."""


class NoAnswer(Exception):
    """The order may have arrived, but no whole answer came."""


class HttpSender(Protocol):
    """Outbound HTTP, `ORDER_POST_SENDER` in the settings."""

    def __call__(self, url: str, headers: dict[str, str], content: bytes) -> PlatformReply:
        """Post `content`: 5 s to connect, 60 s to answer, redirects not followed, a body cut after 1 MiB and a byte.

        Raises NotSent or NoAnswer.
        """
        ...


class EncodeOrder(Protocol):
    def __call__(self, request: PlacementRequest, *, with_card: bool) -> bytes:
        """The body of the post. Raises ValueError where card data cannot be encrypted."""
        ...


@dataclass(frozen=True, slots=True)
class Codec:
    """How an order is written and its answer read."""

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
        gateway: GatewaySettings = request.merchant.gateway
        if not request.merchant.storefront_key:
            raise NotSent("The merchant has no storefront key to sign orders with; set one in the settings.")
        try:
            body = self.codec.encode(request, with_card=not gateway.without_card)
        except ValueError as error:
            raise NotSent(str(error)) from error
        door = cast(HttpSender, import_string(settings.ORDER_POST_SENDER))
        return door(gateway.url, order_post_headers(request, self.codec), body)


class NoGateway:
    """Where no platform is set up, orders wait until one is."""

    def place(self, request: PlacementRequest) -> PlacementResult:
        return PlacementResult(Effect.NOT_SENT, message="No gateway is set up; say where orders go in the settings.")


def make_attempt(codec: Codec, request: PlacementRequest, send: Callable[[], PlatformReply]) -> PlacementResult:
    """What came of `send`, with the request for the log."""
    try:
        answer = result_of_reply(send(), codec.read_reply)
    except NotSent as error:
        answer = PlacementResult(Effect.NOT_SENT, message=printable_line(str(error)))
    except NoAnswer as error:
        answer = no_answer_result(str(error))
    return replace(answer, request=body_excerpt(codec.encode(request, with_card=False)))


def order_post_headers(request: PlacementRequest, codec: Codec) -> dict[str, str]:
    now = int(timezone.now().timestamp())
    return {
        "Content-Type": codec.media_type,
        "Authorization": authorization_header(request.merchant, request.customer.merchant_user_id, now),
        "Idempotency-Key": request.key,
        "X-Reprise-Attempt": str(request.order.tries),
    }
