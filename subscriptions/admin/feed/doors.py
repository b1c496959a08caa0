"""By which door an activity came, and what kind of act it was."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Q

from subscriptions.actors import ActorKind
from subscriptions.models.record import NOTE


@dataclass(frozen=True, slots=True)
class Door:
    title: str
    icon: str


DOORS = {
    ActorKind.STAFF: Door("Staff", "badge"),
    ActorKind.CUSTOMER: Door("Customer", "person"),
    ActorKind.LINK: Door("1-Click link", "link"),
    ActorKind.API_KEY: Door("API key", "vpn_key"),
    ActorKind.AGENT: Door("Agent", "smart_toy"),
    ActorKind.JOB: Door("Automatic job", "schedule"),
}


class ActKind(NamedTuple):
    title: str
    beginnings: tuple[str, ...]
    """Of the verbs; an act is of the first kind that has one."""


ACTS = {
    "notes": ActKind("Notes", (NOTE,)),
    "reminders": ActKind("Reminders and warnings", ("order.remind", "order.warn_of_card")),
    "cancel": ActKind("Cancelled or reactivated", ("subscription.cancel", "subscription.reactivate")),
    "subscription": ActKind("Changes of subscriptions", ("subscription.", "prepaid.")),
    "order": ActKind("Orders, items, discounts", ("order.", "item.", "incentive.")),
    "customer": ActKind("Customer, addresses, payments", ("customer.", "address.", "payment.", "checkout")),
    "access": ActKind("Access and 1-Click tokens", ("entitlement.", "token.")),
}


def acts_of_kind(kind: str) -> Q:
    """The activities of this kind of act."""
    names = list(ACTS)
    earlier = [each for name in names[: names.index(kind)] for each in ACTS[name].beginnings]
    return verbs_that_begin(ACTS[kind].beginnings) & ~verbs_that_begin(earlier)


def verbs_that_begin(beginnings: Iterable[str]) -> Q:
    return Q(*(("verb__startswith", each) for each in beginnings), _connector=Q.OR)


def kind_of_act(verb: str) -> str:
    """The title of the verb's kind; empty for a verb of none."""
    return next((kind.title for kind in ACTS.values() if verb.startswith(kind.beginnings)), "")
