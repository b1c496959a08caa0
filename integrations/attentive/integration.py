"""Attentive as an integration of the outbox."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from integrations.attentive import answers, client
from integrations.attentive.earlier_tries import load_earlier_tries, may_have_made_event
from integrations.attentive.outgoing import Outgoing
from integrations.backoff import Backoff
from integrations.base import Answer, Parcel, Prepared, Setup, ShownRequest
from integrations.esp.calls import answer_of
from integrations.esp.late import OBSOLETE, Clock
from integrations.esp.one_click import mask_token, one_click_properties
from integrations.esp.recipient import NO_IDENTIFIER, Recipient
from integrations.esp.statuses import subscriber_statuses
from integrations.models import Attempt, Connection, Delivery
from integrations.sandbox.private_keys import leads_to_sandbox
from subscriptions.events.catalogue import KINDS

# Attentive starts journeys for events up to twelve hours old; the margin is for the transfer.
JOURNEY_WINDOW = timedelta(hours=11)
# After a request of which nobody knows whether it made an event.
AGAIN_AFTER = timedelta(minutes=10)


SETUP = Setup(
    key="API key",
    key_help="In Attentive under Marketplace, Create App: the key of an app that may write events and attributes.",
    address_help="Leave empty for Attentive itself.",
    scopes={"events:write": "sends events", "attributes:write": "sets the subscriber status"},
    about="Texts and e-mails by Attentive's journeys. Each event becomes a custom event; people get their status.",
    key_change=(
        "Use a key of the same app in Attentive. Journeys start only on the events of the app that first sent them; "
        "with another app's key they all stop."
    ),
)


class Attentive:
    setup = SETUP
    in_flight = 16
    most_in_bulk = 1
    keeps_order = True
    backoff = Backoff(first=30, longest=30 * 60, give_up_after=24 * 3600)

    def prepare(self, connection: Connection, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        """The events as requests. Late ones that are no longer true, and those without an address, are left out."""
        clock = Clock(timezone.now(), JOURNEY_WINDOW)
        obsolete = clock.obsolete_events(connection.merchant, [one.event for one in deliveries])
        prepared = Prepared()
        for one in _complete_deliveries(connection, deliveries, clock):
            if one.delivery.event_id in obsolete:
                prepared.skipped.append((one.delivery, OBSOLETE))
            elif not one.recipient.is_identified:
                prepared.skipped.append((one.delivery, NO_IDENTIFIER))
            else:
                prepared.parcels.append(one.parcel())
        return prepared

    def next_attempt(self, delivery: Delivery, answer: Answer, now: datetime) -> datetime | None:
        if may_have_made_event(answer.road, answer.status):
            return now + AGAIN_AFTER
        return self.backoff.next_attempt(delivery, answer, now)

    def note_delivered(self, connection: Connection, sent: Sequence[tuple[Parcel, Answer]]) -> None:
        """Attentive's answer says nothing that is needed later."""

    def rebuild_requests(self, delivery: Delivery, attempts: Sequence[Attempt]) -> list[ShownRequest]:
        (one,) = _complete_deliveries(delivery.connection, [delivery], Clock(timezone.now(), JOURNEY_WINDOW))
        masked = replace(one, one_click=mask_token(one.one_click))
        return [
            replace(masked, status=each.profile_status, clock=Clock(each.at, JOURNEY_WINDOW)).shown_request(each.road)
            for each in attempts
        ]

    def test(self, connection: Connection) -> Answer:
        """DONE with company, domain and app if key and address work, or else what is wrong."""
        return answer_of(lambda: client.get_me(connection), answers.read_account)


def _complete_deliveries(connection: Connection, deliveries: Sequence[Delivery], clock: Clock) -> list[Outgoing]:
    """In five queries, however many deliveries."""
    events = [delivery.event for delivery in deliveries]
    recipients = {event.pk: Recipient.from_event(event) for event in events}
    identities = {
        event.pk: (recipients[event.pk].email, event.customer_id)
        for event in events
        if KINDS[event.kind].profile_status is not None
    }
    # Events of test customers reach only the sandbox.
    statuses = subscriber_statuses(connection.merchant, identities, with_tests=leads_to_sandbox(connection))
    one_click = one_click_properties(connection.merchant, events)
    tries = load_earlier_tries(deliveries)
    return [
        Outgoing(
            connection,
            delivery,
            recipients[delivery.event_id],
            statuses.get(delivery.event_id),
            one_click.get(delivery.event_id, {}),
            clock,
            tries[delivery.pk],
        )
        for delivery in deliveries
    ]
