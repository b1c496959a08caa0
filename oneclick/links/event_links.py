"""Finished links in events, for tools that cannot put a token into a link themselves."""

from oneclick.links import link_urls
from oneclick.models import ActionToken, SavedLink
from oneclick.redemption import link_actions
from oneclick.tokens.token_text import encode_token
from subscriptions.events.catalogue import KINDS, Kind
from subscriptions.models import Event


def kinds_with_token(scope: str) -> list[Kind]:
    """The kinds of events that carry a token of this scope."""
    return [kind for kind in KINDS.values() if kind.token_scope == scope]


def kinds_for_link(link: SavedLink) -> list[Kind]:
    """The kinds of events whose token the link can use."""
    return kinds_with_token(link_actions.find_link_action(link.action, link.parameters).scope)


def link_properties(event: Event, token: ActionToken) -> dict[str, str]:
    """The finished links attached to the event's kind, by property name, made from the links' current state."""
    text = encode_token(token)
    attached = (
        SavedLink.objects.filter(merchant=event.merchant_id, archived=False, event_kinds__contains=[event.kind])
        .exclude(property_name="")
        .select_related("merchant", "landing_page")
        .order_by("pk")
    )
    return {link.property_name: link_urls.sms_url(link, text) for link in attached}
