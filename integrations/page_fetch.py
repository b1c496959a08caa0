"""What the builder of links asks of this layer: is the token sent at all, and what does a page of the shop hold."""

import httpx

from integrations import http
from integrations.models import Connection
from oneclick.links.event_links import kinds_for_link
from oneclick.links.shop_page import Page, Unreadable
from oneclick.models import Esp, SavedLink
from subscriptions.events.catalogue import KINDS

LIMITS = http.Limits(connect=3, silence=5, deadline=8, body_bytes=1024 * 1024)
HEADERS = {"Accept": "text/html"}


def fetch_page(url: str) -> Page:
    """The page as a visitor gets it, its first megabyte. Raises Unreadable."""
    try:
        reply = http.send_request("GET", url, headers=HEADERS, limits=LIMITS)
    except http.AddressRefused as error:
        raise Unreadable(str(error)) from error
    except httpx.InvalidURL as error:
        raise Unreadable("its address is no valid URL.") from error
    except httpx.TransportError as error:
        raise Unreadable("the shop did not answer.") from error
    return Page(reply.status, reply.headers.get("Location", ""), reply.body.decode(errors="replace"))


def find_token_obstacles(link: SavedLink) -> list[str]:
    """Why no customer would get a token for the link by its ESP, or not the link by an event."""
    if link.esp not in (Esp.KLAVIYO, Esp.ATTENTIVE):
        return []
    name = Esp(link.esp).label
    connections = list(Connection.objects.filter(merchant=link.merchant, integration=link.esp))
    sending = [connection for connection in connections if connection.enabled]
    if not sending:
        state = "switched off" if connections else "not set up"
        return [f"The connection to {name} is {state}, so no message will have a token."]
    return [sentence for connection in sending for sentence in _connection_obstacles(connection, link)]


def _connection_obstacles(connection: Connection, link: SavedLink) -> list[str]:
    found = []
    if connection.paused_reason:
        found.append(f"{connection} is paused: {connection.paused_reason}")
    off = set(connection.switched_off_kinds)
    kinds = link.event_kinds or [kind.name for kind in kinds_for_link(link)]
    titles = [KINDS[kind].title for kind in kinds if kind in off]
    if titles and (link.event_kinds or len(titles) == len(kinds)):
        found.append(f"{connection} does not send {' and '.join(titles)}, which would carry the token.")
    return found
