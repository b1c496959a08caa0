"""Checks for the link builder whether customers get the token that a link needs."""

from integrations.models import Connection
from oneclick.links.event_links import kinds_for_link
from oneclick.models import Esp, SavedLink
from subscriptions.events.catalogue import KINDS


def find_token_obstacles(link: SavedLink) -> list[str]:
    """Sentences that say why the link's ESP gets no token for the link."""
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
