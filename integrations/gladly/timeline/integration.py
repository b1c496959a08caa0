"""Gladly's timeline as an integration of the outbox: what happens outside of Gladly is written where agents read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from integrations import http
from integrations.backoff import Backoff
from integrations.base import Answer, Outcome, Parcel, Prepared, Road, Setup, ShownRequest
from integrations.esp.calls import NOTHING_SENT, answer_of
from integrations.gladly.timeline import answers, client, entries
from integrations.models import Attempt, Connection, Delivery
from subscriptions.actors import ActorKind
from subscriptions.events.catalogue import ORDER_CHANGE_DATE, ORDER_SKIP, SUBSCRIPTION_CANCEL, SUBSCRIPTION_REACTIVATE
from subscriptions.models import Activity
from subscriptions.normal_forms import parse_email

DEFAULT_KINDS = (SUBSCRIPTION_CANCEL, SUBSCRIPTION_REACTIVATE, ORDER_SKIP, ORDER_CHANGE_DATE)
# Gladly allows an organization ten a second over all tokens; the merchant's other programs get the other half.
REQUESTS = Road("requests", per_second=5)
PROFILES, ITEMS = "profiles", "items"
BY_AGENT = "An agent did this in Gladly, which keeps its own entry of it."
NO_EMAIL = "The customer has no valid e-mail address, by which Gladly finds people."
TOO_OLD = "Older than a year: Gladly takes no such entry."

SETUP = Setup(
    key="API token",
    key_help="In Gladly under Settings, API Tokens: a token of the API user.",
    address_help="",
    about=(
        "Agents see subscriptions in Gladly, cancel them and skip orders there. "
        "Changes made elsewhere are written to the customer's timeline."
    ),
)


class Gladly:
    setup = SETUP
    in_flight = 4
    most_in_bulk = 1
    keeps_order = True
    backoff = Backoff(first=30, longest=30 * 60, give_up_after=24 * 3600)

    def prepare(self, connection: Connection, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        """The events as requests, in three queries; what agents did, and what Gladly could not take, is left out."""
        _ = connection.gladly  # loaded here, because the threads that send must not use the database
        attach_activities(deliveries)
        throttled = count_throttled(deliveries)
        prepared = Prepared()
        for delivery in deliveries:
            if reason := reason_to_skip(delivery):
                prepared.skipped.append((delivery, reason))
            else:
                entry = Entry(connection, delivery, throttled.get(delivery.pk, 0))
                prepared.parcels.append(Parcel([delivery], (REQUESTS, REQUESTS), entry.send))
        return prepared

    def next_attempt(self, delivery: Delivery, answer: Answer, now: datetime) -> datetime | None:
        return self.backoff.next_attempt(delivery, answer, now)

    def note_delivered(self, connection: Connection, sent: Sequence[tuple[Parcel, Answer]]) -> None:
        """Gladly's answer says nothing that is needed later."""

    def rebuild_requests(self, delivery: Delivery, attempts: Sequence[Attempt]) -> list[ShownRequest]:
        attach_activities([delivery])
        entry = Entry(delivery.connection, delivery)
        return [entry.shown_request(attempt.road) for attempt in attempts]

    def test(self, connection: Connection) -> Answer:
        """DONE with the organization if API user, token and address work, or else what is wrong."""
        return answer_of(
            lambda: client.find_profiles(connection, connection.gladly.api_user),
            lambda reply: answers.read_test_reply(reply, connection),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery on its way to a timeline. `throttled` counts the answers 429 that it got before."""

    connection: Connection
    delivery: Delivery
    throttled: int = 0

    @property
    def email(self) -> str:
        return parse_email(self.delivery.event.recipient.get("email")) or ""

    def send(self) -> Answer:
        """Look for the customer, as an entry for an unknown one would make a profile, and then write the entry."""
        body = entries.item_body(self.delivery.event, self.email)
        found = self._ask(
            lambda: client.find_profiles(self.connection, self.email), answers.read_profiles_reply, PROFILES
        )
        if found.outcome is not Outcome.DONE:
            return found
        return self._ask(lambda: client.create_item(self.connection, body), answers.read_item_reply, ITEMS)

    def shown_request(self, road: str) -> ShownRequest:
        """The last request of an attempt, whose answer it holds."""
        if road == PROFILES:
            return ShownRequest("GET", client.profiles_path(self.email))
        return ShownRequest("POST", client.ITEMS_PATH, entries.item_body(self.delivery.event, self.email).decode())

    def _ask(self, call: Callable[[], http.Reply], read: Callable[[http.Reply, int], Answer], road: str) -> Answer:
        answer = answer_of(call, lambda reply: read(reply, self.throttled))
        return answer if answer.road == NOTHING_SENT else replace(answer, road=road)


def reason_to_skip(delivery: Delivery) -> str:
    """Why the event is not written to the timeline; empty if it is. Its activity is loaded."""
    event = delivery.event
    if event.activity and event.activity.actor_kind == ActorKind.AGENT:
        return BY_AGENT
    if parse_email(event.recipient.get("email")) is None:
        return NO_EMAIL
    return TOO_OLD if timezone.now() - event.at > entries.OLDEST else ""


def attach_activities(deliveries: Sequence[Delivery]) -> None:
    """Load the activities of the events; one query."""
    keys = {delivery.event.activity_id for delivery in deliveries}
    found = Activity.objects.in_bulk([key for key in keys if key])
    for delivery in deliveries:
        delivery.event.activity = found.get(delivery.event.activity_id or 0)


def count_throttled(deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """How often each delivery was answered 429, by its key; one query."""
    rows = Attempt.objects.filter(delivery__in=deliveries, status=429)
    return dict(rows.values("delivery").annotate(n=Count("pk")).values_list("delivery", "n"))
