"""Sends order posts to the merchant's platform, which may take as long as a shop's checkout."""

import httpx

from common.web.outbound_address import AddressRefused
from integrations import http
from subscriptions.placement.http_gateway import NoAnswer, NotSent
from subscriptions.placement.results import LONGEST_REPLY, PlatformReply

# One byte more than is read, so that a response which was cut off is noticed.
LIMITS = http.Limits(connect=5, silence=60, deadline=65, body_bytes=LONGEST_REPLY + 1)


def send_order_post(url: str, headers: dict[str, str], content: bytes) -> PlatformReply:
    """Raises NotSent where nothing was sent, and NoAnswer where the order may have arrived."""
    try:
        reply = http.send_request("POST", url, headers=headers, content=content, limits=LIMITS)
    except AddressRefused as error:
        raise NotSent(f"The platform's address is refused: {error}") from error
    except httpx.InvalidURL as error:
        raise NotSent("The platform's address is not a valid URL.") from error
    except httpx.TransportError as error:
        raise NoAnswer(http.describe_failure(error)) from error
    return PlatformReply(reply.status, reply.body)
