"""What earlier requests for a delivery did: a text message that is sent twice costs money and annoys."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.esp.calls import NOTHING_SENT
from integrations.models import Attempt, Delivery

EVENTS, ATTRIBUTES = "events", "attributes"


@dataclass(slots=True)
class EarlierTries:
    """`event_accepted`: only the status is missing. `unknown` counts the requests that may have made an event."""

    event_accepted: bool = False
    unknown: int = 0
    throttled: int = 0


def load_earlier_tries(deliveries: Sequence[Delivery]) -> dict[int, EarlierTries]:
    """By the delivery's key; one query."""
    found = {delivery.pk: EarlierTries() for delivery in deliveries}
    sent_since = {delivery.pk: delivery.created for delivery in deliveries}
    for attempt in Attempt.objects.filter(delivery__in=found):
        tries = found[attempt.delivery_id]
        tries.throttled += attempt.status == 429
        tries.event_accepted |= attempt.road == ATTRIBUTES
        # When staff send a delivery again, they take the risk.
        if attempt.at >= sent_since[attempt.delivery_id]:
            tries.unknown += may_have_made_event(attempt.road, attempt.status)
    return found


def may_have_made_event(road: str | None, status: int | None) -> bool:
    """Whether nobody knows if a request made an event. The road is None while its answer is not noted."""
    return road not in (ATTRIBUTES, NOTHING_SENT) and (status is None or status >= 500)
