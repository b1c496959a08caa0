"""Klaviyo as an integration of the outbox."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from integrations.backoff import Backoff
from integrations.base import Answer, Outcome, Parcel, Prepared, Road, Setup, ShownRequest
from integrations.esp.calls import answer_of
from integrations.esp.late import OBSOLETE, Clock
from integrations.esp.one_click import mask_token, one_click_properties
from integrations.esp.recipient import NO_IDENTIFIER
from integrations.esp.statuses import subscriber_statuses
from integrations.klaviyo import answers, bodies, client, sent_profiles
from integrations.klaviyo.account_test import test_account
from integrations.klaviyo.profile_upsert import move_profile, roads_of_move
from integrations.klaviyo.roads import BULK_EVENTS, EVENTS
from integrations.klaviyo.samples import send_samples
from integrations.klaviyo.scopes import SCOPES
from integrations.models import Attempt, Connection, Delivery
from integrations.sandbox.private_keys import leads_to_sandbox
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event

# Klaviyo starts a flow for an event up to four hours old; the margin is for the transfer.
FLOW_WINDOW = timedelta(hours=3, minutes=30)
MOST_EVENTS = 1000
MOST_BYTES = 4_500_000
# So few cost less time one by one, and single requests are answered with a reason for each.
FEW = 3


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery with what its request needs."""

    delivery: Delivery
    profile: bodies.Profile
    status: str | None
    one_click: dict[str, str]
    clock: Clock

    @property
    def event(self) -> Event:
        return self.delivery.event

    def event_body(self) -> bytes:
        body = bodies.event_body(
            self.event, self.profile, status=self.status, one_click=self.one_click, clock=self.clock
        )
        return bodies.encode_json(body)

    def bulk_entry(self) -> bytes:
        entry = bodies.bulk_entry(
            self.event, self.profile, status=self.status, one_click=self.one_click, clock=self.clock
        )
        return bodies.encode_json(entry)


SETUP = Setup(
    key="Private key",
    key_help="In Klaviyo under Settings, API keys: create a private key with the scopes above.",
    address_help="Leave empty for Klaviyo itself.",
    scopes=SCOPES,
    about="E-mails and texts by Klaviyo's flows. Each event becomes a metric; profiles get their subscriber status.",
)


class Klaviyo:
    setup = SETUP
    in_flight = 32
    most_in_bulk = MOST_EVENTS
    keeps_order = True
    backoff = Backoff(first=30, longest=30 * 60, give_up_after=24 * 3600)

    def prepare(self, connection: Connection, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        """The events as requests. Late ones that are no longer true, and those without an address, are left out."""
        clock = Clock(timezone.now(), FLOW_WINDOW)
        told = sent_profiles.read_known(connection, deliveries)
        outgoing = complete_deliveries(connection, deliveries, clock)
        obsolete = clock.obsolete_events(connection.merchant, [one.event for one in deliveries])
        prepared = Prepared(skipped=list(_unsendable(outgoing, told, obsolete)))
        unsendable = {delivery.pk for delivery, _ in prepared.skipped}
        known = [one for one in outgoing if one.delivery.pk not in unsendable]
        moved = [one for one in known if one.delivery.pk in told.moved]
        others = [one for one in known if one.delivery.pk not in told.moved]
        prepared.parcels = [_moving_parcel(connection, one, *told.moved[one.delivery.pk]) for one in moved]
        if bulk and len(others) > FEW:
            prepared.parcels += _bulk_parcels(connection, others)
        else:
            prepared.parcels += [_single_parcel(connection, one) for one in others]
        return prepared

    def next_attempt(self, delivery: Delivery, answer: Answer, now: datetime) -> datetime | None:
        return self.backoff.next_attempt(delivery, answer, now)

    def note_delivered(self, connection: Connection, sent: Sequence[tuple[Parcel, Answer]]) -> None:
        sent_profiles.note_sent(
            connection,
            [
                (one, *parcel.addresses[one.pk], parcel.statuses.get(one.pk), answer.remote_id)
                for parcel, answer in sent
                for one in parcel.deliveries
            ],
        )

    def rebuild_requests(self, delivery: Delivery, attempts: Sequence[Attempt]) -> list[ShownRequest]:
        (one,) = complete_deliveries(delivery.connection, [delivery], Clock(timezone.now(), FLOW_WINDOW))
        masked = replace(one, one_click=mask_token(one.one_click))
        return [
            _shown_request(replace(masked, status=each.profile_status, clock=Clock(each.at, FLOW_WINDOW)), each)
            for each in attempts
        ]

    def test(self, connection: Connection) -> Answer:
        """DONE with the account's name and id if key and address work, or else what is wrong."""
        return test_account(connection)

    def send_samples(self, connection: Connection, email: str, kinds: Sequence[str]) -> Answer:
        return send_samples(connection, email, kinds)


def complete_deliveries(connection: Connection, deliveries: Sequence[Delivery], clock: Clock) -> list[Outgoing]:
    """`deliveries` with all that their events do not hold, in a bounded number of queries."""
    events = [delivery.event for delivery in deliveries]
    profiles = {event.pk: bodies.Profile.from_event(event) for event in events}
    statuses = subscriber_statuses(
        connection.merchant,
        {
            event.pk: (profiles[event.pk].email, event.customer_id)
            for event in events
            if KINDS[event.kind].profile_status is not None
        },
        # Events of test customers reach only the sandbox.
        with_tests=leads_to_sandbox(connection),
    )
    one_click = one_click_properties(connection.merchant, events)
    return [
        Outgoing(one, profiles[one.event_id], statuses.get(one.event_id), one_click.get(one.event_id, {}), clock)
        for one in deliveries
    ]


def _unsendable(
    outgoing: Sequence[Outgoing], told: sent_profiles.Known, obsolete: Collection[int]
) -> Iterator[tuple[Delivery, str]]:
    for one in outgoing:
        if one.delivery.pk in told.erased:
            yield one.delivery, "The customer was erased at Klaviyo: nothing more is sent."
        elif one.event.pk in obsolete:
            yield one.delivery, OBSOLETE
        elif not one.profile.is_identified:
            yield one.delivery, NO_IDENTIFIER


def _single_parcel(connection: Connection, one: Outgoing) -> Parcel:
    content = one.event_body()
    return _parcel([one], (EVENTS,), lambda: _send_event(connection, content))


def _moving_parcel(connection: Connection, one: Outgoing, old_email: str, remote_id: str) -> Parcel:
    """The event of a customer whose profile has an old e-mail address, which it loses before the event leaves."""
    content, email = one.event_body(), one.profile.email or ""

    def send() -> Answer:
        moved = move_profile(connection, old_email, remote_id, email)
        if moved.outcome is not Outcome.DONE:
            return moved
        return replace(_send_event(connection, content), remote_id=moved.remote_id)

    return _parcel([one], (*roads_of_move(remote_id), EVENTS), send)


def _send_event(connection: Connection, content: bytes) -> Answer:
    return answer_of(lambda: client.create_event(connection, content), answers.read_reply)


def _bulk_parcels(connection: Connection, outgoing: Sequence[Outgoing]) -> Iterator[Parcel]:
    """Requests that keep Klaviyo's limits of events and bytes."""
    group: list[Outgoing] = []
    entries: list[bytes] = []
    size = 0
    for one in outgoing:
        entry = one.bulk_entry()
        if group and (len(group) == MOST_EVENTS or size + len(entry) > MOST_BYTES):
            yield _bulk_parcel(connection, group, entries)
            group, entries, size = [], [], 0
        group.append(one)
        entries.append(entry)
        size += len(entry) + 1
    yield _bulk_parcel(connection, group, entries)


def _bulk_parcel(connection: Connection, group: Sequence[Outgoing], entries: Sequence[bytes]) -> Parcel:
    content = bodies.bulk_body(entries)
    return _parcel(
        group,
        (BULK_EVENTS,),
        lambda: answer_of(lambda: client.create_events(connection, content), answers.read_reply),
    )


def _parcel(group: Sequence[Outgoing], roads: tuple[Road, ...], send: Callable[[], Answer]) -> Parcel:
    return Parcel(
        [one.delivery for one in group],
        roads,
        send,
        notes={
            one.delivery.pk: " ".join(warnings)
            for one in group
            if (warnings := bodies.event_warnings(one.event, one.profile, one.clock))
        },
        statuses={one.delivery.pk: one.status for one in group if one.status},
        addresses={one.delivery.pk: (one.profile.email or "", one.profile.phone_number or "") for one in group},
    )


def _shown_request(one: Outgoing, attempt: Attempt) -> ShownRequest:
    if attempt.road == BULK_EVENTS.name:
        return ShownRequest("POST", client.BULK_EVENTS_PATH, one.bulk_entry().decode())
    return ShownRequest("POST", client.EVENTS_PATH, one.event_body().decode())
