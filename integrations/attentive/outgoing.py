"""A delivery on its way to Attentive: its requests, and what their answers mean together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from integrations import http
from integrations.attentive import answers, bodies, client
from integrations.attentive.earlier_tries import (
    ATTRIBUTES,
    EVENTS,
    EarlierTries,
    may_have_made_event,
)
from integrations.base import Answer, Outcome, Parcel, Road, ShownRequest
from integrations.esp.calls import NOTHING_SENT, answer_of
from integrations.esp.late import Clock
from integrations.esp.recipient import Recipient
from integrations.models import Connection, Delivery

# Attentive allows an account 150 a second over all endpoints, and other programs of the merchant send as well.
REQUESTS = Road("requests", per_second=100)
# It does not promise to drop doubles, so an event whose fate is unknown gets one more try.
MOST_UNKNOWN = 2
NOBODY_KNOWS = (
    "Sent twice without an answer; Attentive may have it. If you send it again, the customer may get two texts."
)
STATUS_MISSING = "The event arrived, but the subscriber status did not:"
TOO_LATE = "Late: the event is more than 11 hours old and may start no journey."


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery with what its requests need."""

    connection: Connection
    delivery: Delivery
    recipient: Recipient
    status: str | None
    one_click: dict[str, str]
    clock: Clock
    tries: EarlierTries

    def shown_request(self, road: str) -> ShownRequest:
        """The request whose answer an attempt holds. Before the status came the event, in this attempt or another."""
        if road == ATTRIBUTES:
            body = bodies.status_body(self.recipient, self.status or "")
            return ShownRequest("POST", client.ATTRIBUTES_PATH, body.decode())
        body = bodies.event_body(self.delivery.event, self.recipient, self.one_click, self.clock)
        return ShownRequest("POST", client.EVENTS_PATH, body.decode())

    def parcel(self) -> Parcel:
        """The event and then its status; only the status where the event has been accepted before.

        Raises ValueError for an event that Attentive cannot use.
        """
        if self.tries.unknown >= MOST_UNKNOWN and not self.tries.event_accepted:
            gave_up = Answer(Outcome.UNKNOWN, detail=NOBODY_KNOWS, road=NOTHING_SENT)
            return Parcel([self.delivery], (), lambda: gave_up)
        steps: list[Callable[[], Answer]] = []
        if not self.tries.event_accepted:
            event = bodies.event_body(self.delivery.event, self.recipient, self.one_click, self.clock)
            steps.append(lambda: self._send_event(event))
        if self.status:
            status = bodies.status_body(self.recipient, self.status)
            steps.append(lambda: self._send_status(status))
        return Parcel(
            [self.delivery],
            (REQUESTS,) * len(steps),
            lambda: _run_steps(steps),
            notes={self.delivery.pk: " ".join(self._list_notes())},
            statuses={self.delivery.pk: self.status} if self.status else {},
        )

    def _list_notes(self) -> list[str]:
        event = self.delivery.event
        notes = [*self.recipient.list_omissions(event), *bodies.list_long_links(self.one_click)]
        is_too_late = self.clock.is_late(event) and not self.clock.is_restated(event)
        return [*notes, *([TOO_LATE] if is_too_late else [])]

    def _send_event(self, body: bytes) -> Answer:
        answer = self._ask(lambda: client.create_event(self.connection, body), EVENTS)
        is_last = self.tries.unknown + 1 >= MOST_UNKNOWN
        if answer.outcome is Outcome.RETRY and is_last and may_have_made_event(answer.road, answer.status):
            return replace(answer, outcome=Outcome.UNKNOWN, detail=f"{NOBODY_KNOWS} {answer.detail}")
        return answer

    def _send_status(self, body: bytes) -> Answer:
        answer = self._ask(lambda: client.set_attributes(self.connection, body), ATTRIBUTES)
        if answer.outcome is Outcome.DONE:
            return answer
        # Even where nothing was sent: the road says that the event is there.
        return replace(answer, road=ATTRIBUTES, detail=f"{STATUS_MISSING} {answer.detail}")

    def _ask(self, call: Callable[[], http.Reply], road: str) -> Answer:
        answer = answer_of(call, lambda reply: answers.read_reply(reply, self.tries.throttled))
        return answer if answer.road == NOTHING_SENT else replace(answer, road=road)


def _run_steps(steps: Sequence[Callable[[], Answer]]) -> Answer:
    """The answer of the last step, or of the first one that failed."""
    answer = Answer(Outcome.DONE)
    for step in steps:
        answer = step()
        if answer.outcome is not Outcome.DONE:
            break
    return answer
