"""The order post over HTTP: headers, limits and what becomes of a post that gets no answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, cast

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from subscriptions.models import Effect, GatewaySettings
from subscriptions.placement.answers import Answer, Read, Reply, excerpt, judge, no_answer, printable
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.signature import authorization


class NotSent(Exception):
    """Nothing has left; the sentence says why."""


class NoAnswer(Exception):
    """The order may have arrived, but no whole answer came."""


class HttpSender(Protocol):
    """Outbound HTTP, `ORDER_POST_SENDER` in the settings."""

    def __call__(self, url: str, headers: dict[str, str], content: bytes) -> Reply:
        """Post `content`: 5 s to connect, 60 s to answer, redirects not followed, a body cut after 1 MiB and a byte.

        Raises NotSent or NoAnswer.
        """
        ...


class Write(Protocol):
    def __call__(self, request: PlacementRequest, *, with_card: bool) -> bytes:
        """The body of the post. Raises ValueError where card data cannot be encrypted."""
        ...


@dataclass(frozen=True, slots=True)
class Codec:
    """How an order is written and its answer read."""

    media_type: str
    write: Write
    read: Read


@dataclass(frozen=True, slots=True)
class HttpGateway:
    """The merchant's own platform."""

    form: Codec

    def place(self, request: PlacementRequest) -> Answer:
        return attempt(self.form, request, lambda: self._post(request))

    def _post(self, request: PlacementRequest) -> Reply:
        gateway: GatewaySettings = request.merchant.gateway
        if not request.merchant.storefront_key:
            raise NotSent("The merchant has no storefront key to sign orders with; set one in the settings.")
        try:
            body = self.form.write(request, with_card=not gateway.without_card)
        except ValueError as error:
            raise NotSent(str(error)) from error
        door = cast(HttpSender, import_string(settings.ORDER_POST_SENDER))
        return door(gateway.url, headers(request, self.form), body)


class NoGateway:
    """Where no platform is set up, orders wait until one is."""

    def place(self, request: PlacementRequest) -> Answer:
        return Answer(Effect.NOT_SENT, message="No gateway is set up; say where orders go in the settings.")


def attempt(form: Codec, request: PlacementRequest, send: Callable[[], Reply]) -> Answer:
    """What came of `send`, with the request for the log."""
    try:
        answer = judge(send(), form.read)
    except NotSent as error:
        answer = Answer(Effect.NOT_SENT, message=printable(str(error)))
    except NoAnswer as error:
        answer = no_answer(str(error))
    return replace(answer, request=excerpt(form.write(request, with_card=False)))


def headers(request: PlacementRequest, form: Codec) -> dict[str, str]:
    now = int(timezone.now().timestamp())
    return {
        "Content-Type": form.media_type,
        "Authorization": authorization(request.merchant, request.customer.merchant_user_id, now),
        "Idempotency-Key": request.key,
        "X-Reprise-Attempt": str(request.order.tries),
    }
