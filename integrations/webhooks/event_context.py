"""`context`: from where an event came, and who acted."""

from typing import Any

from subscriptions.actors import ActorKind
from subscriptions.models import Activity, Customer, Event

CHECKOUT = "checkout"  # the verb of an activity
PURCHASE = "PurchasePOST"
SOURCES = {
    ActorKind.STAFF: "admin",
    ActorKind.API_KEY: "api",
    ActorKind.LINK: "one_click",
    ActorKind.AGENT: "agent",
    ActorKind.CUSTOMER: "storefront",
    ActorKind.JOB: "job",
}


def describe_context(event: Event) -> dict[str, Any]:
    activity = event.activity
    assert activity is not None, "a sink gets events with their activity"
    kind = ActorKind(activity.actor_kind)
    source = PURCHASE if activity.verb == CHECKOUT else SOURCES[kind]
    return {"source": source, "actor": _describe_actor(kind, activity, event.customer)}


def _describe_actor(kind: ActorKind, activity: Activity, customer: Customer) -> dict[str, Any]:
    match kind:
        case ActorKind.CUSTOMER | ActorKind.LINK:
            return {"type": "customer", "customer": {"merchant_user_id": customer.merchant_user_id}}
        case ActorKind.API_KEY:
            return {"type": "apikey", "api_key": {"public_id": activity.actor_id, "name": activity.actor_name}}
        case ActorKind.STAFF | ActorKind.AGENT:
            return {"type": "user", "user": {"public_id": activity.actor_id}}
        case ActorKind.JOB:
            return {"type": "og-system-process", "process": {"public_id": activity.actor_id}}
