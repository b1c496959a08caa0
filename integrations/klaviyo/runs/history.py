"""Past events, as history only: Klaviyo starts no flow for them, and they do not touch the status."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from integrations.base import Answer
from integrations.esp.calls import answer_of
from integrations.esp.late import Clock
from integrations.klaviyo import answers, bodies, client
from integrations.klaviyo.integration import BULK_EVENTS, FLOW_WINDOW, MOST_BYTES, MOST_EVENTS
from integrations.klaviyo.runs.run_kind import Item, RunKind, errors_of_run, reachable_customers
from integrations.klaviyo.runs.status import NO_ADDRESS
from integrations.klaviyo.sent_profiles import Told, note_told
from integrations.models import Connection, Delivery, ProfileRun, SentProfile
from subscriptions.models import Event

# An event in one of these states has arrived, will arrive by itself, or may have arrived.
ON_ITS_WAY = [Delivery.State.PENDING, Delivery.State.DONE, Delivery.State.UNKNOWN]


class PastEvents(RunKind):
    road = BULK_EVENTS
    most = MOST_EVENTS
    scopes = "full access to events"

    def read_items(self, run: ProfileRun, limit: int) -> list[Item]:
        assert run.since
        events = unsent_events(run.connection, run.event_kinds, run.since)
        events = events.filter(~errors_of_run(run), pk__gt=run.cursor).select_related("customer")
        return _within_bytes([_item(run, event) for event in _with_addresses(run.connection, events, limit)])

    def send(self, run: ProfileRun, items: Sequence[Item]) -> Answer:
        content = bodies.bulk_body([item.content for item in items])
        return answer_of(lambda: client.create_events(run.connection, content), answers.read_reply)

    def note(self, run: ProfileRun, items: Sequence[Item], answer: Answer) -> None:
        now = timezone.now()
        told: dict[int, Told] = {}
        for item in items:
            profile: bodies.Profile = item.row
            told[item.customer] = Told(profile.email or "", profile.phone_number or "", event=item.key)
        note_told(run.connection, told, now)
        deliveries = [
            Delivery(
                merchant=run.merchant,
                connection=run.connection,
                event_id=item.key,
                customer_id=item.customer,
                state=Delivery.State.DONE,
                bulk=True,
                due=now,
                finished=now,
            )
            for item in items
        ]
        # An earlier delivery of the event may have failed.
        known = Delivery.objects.filter(
            connection=run.connection, event__in=[item.key for item in items], is_replay=False
        )
        known.update(state=Delivery.State.DONE, error="", finished=now)
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)


def unsent_events(connection: Connection, kinds: Sequence[str], since: datetime) -> QuerySet[Event]:
    """The past events of these kinds that the connection was not sent and will not be sent."""
    known = Delivery.objects.filter(connection=connection, event=OuterRef("pk"), state__in=ON_ITS_WAY)
    events = Event.objects.filter(merchant=connection.merchant, kind__in=kinds, at__gte=since, at__lte=timezone.now())
    if removed := connection.merchant.history_until:
        events = events.filter(at__gt=removed)  # older ones have lost their contents
    return events.filter(~Exists(known), customer__in=reachable_customers(connection))


def count_events(connection: Connection, kinds: Sequence[str], since: datetime) -> tuple[int, int]:
    """How many past events there are, and a key below the first one's."""
    found = unsent_events(connection, kinds, since).aggregate(count=Count("pk"), first=Min("pk"))
    return found["count"], (found["first"] or 1) - 1


def _with_addresses(
    connection: Connection, events: QuerySet[Event], limit: int
) -> list[tuple[Event, SentProfile | None]]:
    rows = list(events.order_by("pk")[:limit])
    told = SentProfile.objects.filter(connection=connection, customer__in={row.customer_id for row in rows})
    known = {profile.customer_id: profile for profile in told}
    for row in rows:
        row.merchant = connection.merchant
    return [(row, known.get(row.customer_id)) for row in rows]


def _item(run: ProfileRun, found: tuple[Event, SentProfile | None]) -> Item:
    event, known = found
    profile = _profile(event, known)
    if not profile.is_identified:
        return Item(event.pk, event.customer_id, event.customer.email, fault=NO_ADDRESS)
    # As long ago as it happened, whatever the kind: nothing of it is news.
    entry = bodies.bulk_entry(event, profile, status=None, one_click={}, clock=Clock(event.at, FLOW_WINDOW))
    entry["attributes"]["backfill"] = True
    identifier = profile.email or profile.phone_number or ""
    return Item(event.pk, event.customer_id, identifier, bodies.encode_json(entry), row=profile)


def _profile(event: Event, known: SentProfile | None) -> bodies.Profile:
    """The customer's profile as Klaviyo has it now: the address of that time would make another one."""
    then = bodies.Profile.from_event(event)
    email = (known and known.email) or bodies.parse_profile_email(event.customer.email)
    return replace(then, email=email) if email else then


def _within_bytes(items: list[Item]) -> list[Item]:
    """The first of `items`, as many as one request may hold."""
    size = 0
    for place, item in enumerate(items):
        size += len(item.content) + 1
        if place and size > MOST_BYTES:
            return items[:place]
    return items
