from collections.abc import Mapping, Sequence

from common.db import AnyOf, Query
from oneclick.links import event_links
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Event, Merchant
from subscriptions.models.fields import Secret

TOKENS = Query(lambda: ActionToken.objects.filter(event=AnyOf("events")).order_by("-pk"))


def one_click_properties(merchant: Merchant, events: Sequence[Event]) -> dict[int, dict[str, str]]:
    """By the event's key: its token as `action_token`, and the finished links that are attached to its kind.

    Two queries, however many events. An event without a token is left out.
    """
    carriers = {event.pk: event for event in events if ALL_KINDS[event.kind].token_scope}
    if not carriers:
        return {}
    tokens = {token.event_id: token for token in TOKENS.all(events=list(carriers))}
    links = event_links.attached_links(merchant, {event.kind for event in carriers.values()})
    texts = {key: encode_token(token) for key, token in tokens.items() if key is not None}
    return {
        key: {"action_token": text, **event_links.link_properties(links[carriers[key].kind], text)}
        for key, text in texts.items()
    }


def mask_token(properties: Mapping[str, str]) -> dict[str, str]:
    """`one_click_properties` of an event as staff may see them: a usable token opens the customer's subscription."""
    token = properties.get("action_token")
    return {name: value.replace(token, Secret.MASK) if token else value for name, value in properties.items()}
