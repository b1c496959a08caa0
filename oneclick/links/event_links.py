"""Finished links in events, for tools that cannot put a token into a link themselves."""

from collections.abc import Collection, Iterable

from oneclick.links import link_urls
from oneclick.models import SavedLink
from oneclick.redemption import link_actions
from subscriptions.events.catalogue import KINDS, Kind
from subscriptions.models import Merchant


def kinds_with_token(scope: str) -> list[Kind]:
    """The kinds of events that carry a token of this scope."""
    return [kind for kind in KINDS.values() if kind.token_scope == scope]


def kinds_for_link(link: SavedLink) -> list[Kind]:
    """The kinds of events whose token the link can use."""
    return kinds_with_token(link_actions.find_link_action(link.action, link.parameters).scope)


def attached_links(merchant: Merchant, kinds: Collection[str]) -> dict[str, list[SavedLink]]:
    """The links that are attached to `kinds` of events, in one query."""
    found = (
        SavedLink.objects.filter(merchant=merchant, archived=False, event_kinds__overlap=list(kinds))
        .exclude(property_name="")
        .select_related("merchant", "landing_page")
        .order_by("pk")
    )
    links = list(found)
    return {kind: [link for link in links if kind in link.event_kinds] for kind in kinds}


def link_properties(links: Iterable[SavedLink], text: str) -> dict[str, str]:
    """The finished links by property name, made from their current state; `text` is the token."""
    return {link.property_name: link_urls.sms_url(link, text) for link in links}
