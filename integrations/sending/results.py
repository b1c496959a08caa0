"""Notes requests before they leave, and what their answers mean, for many deliveries at a time."""

import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.db import execute, fetch_rows, pipeline, plain_array, text_array
from common.work import yield_turn
from integrations import pace
from integrations.base import Answer, Integration, Outcome, Parcel
from integrations.models import Connection, Delivery
from integrations.sending import queue

log = logging.getLogger(__name__)

# After so many temporary faults in a row the connection rests, and then sends one request to try.
FAULTS_TO_REST = 5
REST_SECONDS = 60.0
JITTER = 0.2
# Whatever a receiver asks for: a mistake on its side must not stop a connection for ever.
LONGEST_REST = 24 * 3600.0  # seconds
# A receiver that names no time means the current second.
SHORTEST_REST = 1.0

STATES = {
    Outcome.DONE: Delivery.State.DONE,
    Outcome.SKIPPED: Delivery.State.SKIPPED,
    Outcome.DEAD: Delivery.State.DEAD,
    Outcome.UNKNOWN: Delivery.State.UNKNOWN,
}
FINISHED = set(STATES.values())

# The delivery itself is written only with the answer; `queue.count_deaths` makes up for answers that never came.
BEGIN = """
INSERT INTO integrations_attempt (delivery_id, at, road, together, profile_status, detail)
SELECT delivery, %s, road, together, status, ''
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::text[]) AS begun (delivery, road, together, status)
RETURNING id
"""
NOTE_ATTEMPTS = """
UPDATE integrations_attempt attempt SET status = noted.status, milliseconds = noted.ms, detail = noted.detail,
    road = coalesce(noted.road, attempt.road)
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[], %s::text[]) AS noted (id, status, ms, detail, road)
WHERE attempt.id = noted.id
"""
# What staff canceled meanwhile stays canceled.
NOTE_DELIVERIES = """
UPDATE integrations_delivery delivery SET state = noted.state, error = left(noted.error, 500),
    due = coalesce(noted.due, present), finished = CASE WHEN noted.state <> 'pending' THEN present END,
    attempts_made = attempts_made + noted.counted, interrupted = 0,
    first_attempt_at = coalesce(first_attempt_at, noted.first)
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::timestamptz[])
    AS noted (id, state, error, due, counted, first), CAST(%s AS timestamptz) AS present
WHERE delivery.id = noted.id AND delivery.state = 'pending'
"""
COUNT_MINUTE = """
INSERT INTO integrations_deliveryminute AS kept
    (connection_id, minute, delivered, failed, not_sent, retried, lag_total, lag_longest)
VALUES (%s, date_trunc('minute', %s::timestamptz), %s, %s, %s, %s, %s, %s)
ON CONFLICT (connection_id, minute) DO UPDATE SET
    delivered = kept.delivered + excluded.delivered, failed = kept.failed + excluded.failed,
    not_sent = kept.not_sent + excluded.not_sent, retried = kept.retried + excluded.retried,
    lag_total = kept.lag_total + excluded.lag_total, lag_longest = greatest(kept.lag_longest, excluded.lag_longest)
"""


@dataclass(slots=True)
class Sent:
    """A parcel on its way, with the keys of the attempts that are on record for its deliveries."""

    parcel: Parcel
    attempts: list[int]
    milliseconds: int = 0


@dataclass(slots=True)
class Note:
    """What becomes of one delivery. `counted` is 0 where there was no attempt, or one that does not count."""

    delivery: Delivery
    state: Delivery.State
    error: str = ""
    due: datetime | None = None
    counted: int = 1


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a connection may not go on sending: it is paused, or rests until `rest_until`."""

    paused_reason: str = ""
    rest_until: datetime | None = None

    def release(self, connection: Connection) -> None:
        """Give the connection back. Raises `LeaseLost`."""
        if self.paused_reason and _has_new_key(connection):
            yield_turn(connection, queue.DRAIN)
        elif self.paused_reason:
            connection.release(paused_reason=self.paused_reason[:500])
            ids = {"connection": connection.pk, "merchant": connection.merchant_id}
            log.error("connection %s is paused: %s", connection.pk, self.paused_reason, extra=ids)
        else:
            yield_turn(connection, queue.DRAIN, at=self.rest_until, not_before=self.rest_until)


def _has_new_key(connection: Connection) -> bool:
    """Whether staff have corrected the connection since this worker read it: a refusal of the old key says nothing."""
    now = Connection.objects.get(pk=connection.pk)
    return (now.secret, now.base_url) != (connection.secret, connection.base_url)


def begin_attempts(connection: Connection, parcels: Sequence[Parcel]) -> list[Sent]:
    """Commit the attempts before the requests leave, so that they are on record even if this worker dies.

    Raises `LeaseLost`.
    """
    now = timezone.now()
    deliveries = [(parcel, one) for parcel in parcels for one in parcel.deliveries]
    columns = [
        plain_array(one.pk for _, one in deliveries),
        text_array(parcel.roads[-1].name if parcel.roads else "" for parcel, _ in deliveries),
        plain_array(len(parcel.deliveries) for parcel, _ in deliveries),
        text_array(parcel.statuses.get(one.pk, "") for parcel, one in deliveries),
    ]
    with transaction.atomic():
        connection.renew()
        keys = [key for (key,) in fetch_rows(BEGIN, [now, *columns])]
    for _, one in deliveries:
        one.attempts_made += 1
        one.first_attempt_at = one.first_attempt_at or now
    taken = iter(keys)
    return [Sent(parcel, list(islice(taken, len(parcel.deliveries)))) for parcel in parcels]


def send_parcel(sent: Sent) -> Answer:
    """Make the parcel's request; runs in a thread."""
    started = time.monotonic()
    try:
        return sent.parcel.send()
    except Exception:
        first = sent.parcel.deliveries[0]
        log.exception("the request of delivery %s failed in the portal itself", first.pk, extra=first.log_ids)
        return Answer(Outcome.RETRY, detail="The portal itself failed at this request.")
    finally:
        sent.milliseconds = round((time.monotonic() - started) * 1000)


def record(connection: Connection, integration: Integration, answered: Sequence[tuple[Sent, Answer]]) -> Stop | None:
    """Note what the answers mean for deliveries and connection; a Stop if the connection may not go on.

    Raises `LeaseLost`; then nothing is written: the worker that has the lease sends these deliveries again.
    """
    now = timezone.now()
    notes: list[Note] = []
    closing: list[tuple[Parcel, datetime]] = []
    for sent, answer in answered:
        if answer.outcome is Outcome.THROTTLED:
            until = _end_of_rest(answer.retry_after or SHORTEST_REST)
            closing.append((sent.parcel, until))
            notes += [Note(one, Delivery.State.PENDING, answer.detail, until, 0) for one in sent.parcel.deliveries]
        else:
            notes += _parcel_notes(sent.parcel, answer, integration, now)
    changes, stop = _connection_changes(connection, [answer for _, answer in answered])
    with transaction.atomic():
        # First, as it locks the row and proves the lease. Any answer shows that the worker survived the request.
        connection.renew(attempts=0, **changes)
        with pipeline():
            _note_attempts(answered)
            _note_deliveries(connection, notes, now, retried=sum(note.state == "pending" for note in notes))
            delivered = [(sent.parcel, answer) for sent, answer in answered if answer.outcome is Outcome.DONE]
            if delivered:
                integration.note_delivered(connection, delivered)
        for parcel, until in closing:
            pace.close_roads(pace.account_key(connection), parcel.roads, until)
    _log_failures(notes)
    for name, value in changes.items():
        setattr(connection, name, value)
    return stop


def record_unsent(
    connection: Connection, skipped: Sequence[tuple[Delivery, str]], dead: Sequence[tuple[Delivery, str]]
) -> None:
    """Note deliveries for which no request is made, with the reasons. Raises `LeaseLost`."""
    notes = [Note(one, Delivery.State.SKIPPED, reason, counted=0) for one, reason in skipped]
    notes += [Note(one, Delivery.State.DEAD, reason, counted=0) for one, reason in dead]
    if notes:
        with transaction.atomic():
            connection.renew()
            _note_deliveries(connection, notes, timezone.now())
        _log_failures(notes)


def _log_failures(notes: Iterable[Note]) -> None:
    """Without the error, which may quote the customer's data; its page has it."""
    for note in notes:
        if note.state in Delivery.FAILED:
            log.warning("delivery %s failed", note.delivery.pk, extra=note.delivery.log_ids)


def is_to_be_halved(sent: Sent, answer: Answer) -> bool:
    """Whether a bulk request was refused as a whole, without a word on which delivery is the cause."""
    return answer.outcome is Outcome.DEAD and len(sent.parcel.deliveries) > 1 and not answer.refused


def _parcel_notes(parcel: Parcel, answer: Answer, integration: Integration, now: datetime) -> Iterable[Note]:
    is_bulk = len(parcel.deliveries) > 1
    for place, delivery in enumerate(parcel.deliveries):
        if answer.outcome is Outcome.RETRY:
            again = integration.next_attempt(delivery, answer, now)
            state = Delivery.State.DEAD if again is None else Delivery.State.PENDING
            yield Note(delivery, state, answer.detail, again)
        elif answer.outcome is Outcome.DEAD and is_bulk and place not in answer.refused:
            yield Note(delivery, Delivery.State.PENDING, counted=0)
        elif answer.outcome in STATES:
            reason = answer.refused.get(place) or " ".join(filter(None, [answer.detail, parcel.notes.get(delivery.pk)]))
            yield Note(delivery, STATES[answer.outcome], reason)
        else:
            yield Note(delivery, Delivery.State.PENDING, answer.detail)


def _connection_changes(connection: Connection, answers: Sequence[Answer]) -> tuple[dict[str, Any], Stop | None]:
    changes: dict[str, Any] = {}
    failures, stop = connection.failures, None
    for answer in answers:
        if answer.quota_left is not None:
            changes["quota_left"] = answer.quota_left
        match answer.outcome:
            case Outcome.DONE:
                failures = 0
                changes |= {"last_error": "", "last_success_at": timezone.now()}
            case Outcome.DEAD:  # the receiver works; it refuses only this request
                failures = 0
                changes["last_error"] = answer.detail[:500]
            case Outcome.SKIPPED:  # the receiver works; it has no use for this event
                failures = 0
            case Outcome.RETRY | Outcome.UNKNOWN:
                failures += 1
                changes["last_error"] = answer.detail[:500]
            case Outcome.THROTTLED:
                changes["last_error"] = answer.detail[:500]
            case Outcome.PAUSE:
                changes["last_error"] = answer.detail[:500]
                stop = Stop(paused_reason=answer.detail or "The receiver refuses the credentials.")
    if failures >= FAULTS_TO_REST and failures > connection.failures:
        stop = stop or Stop(rest_until=_end_of_rest(REST_SECONDS))
    return changes | {"failures": failures}, stop


def _note_attempts(answered: Sequence[tuple[Sent, Answer]]) -> None:
    noted = [
        (key, answer.status, sent.milliseconds, answer.refused.get(place) or answer.detail, answer.road)
        for sent, answer in answered
        for place, key in enumerate(sent.attempts)
    ]
    keys, statuses, milliseconds, details, roads = zip(*noted, strict=True)
    plain = [plain_array(column) for column in (keys, statuses, milliseconds)]
    execute(NOTE_ATTEMPTS, [*plain, text_array(details), text_array(roads)])


def _note_deliveries(connection: Connection, notes: Sequence[Note], now: datetime, retried: int = 0) -> None:
    execute(
        NOTE_DELIVERIES,
        [
            plain_array(note.delivery.pk for note in notes),
            plain_array(note.state.value for note in notes),
            text_array(note.error for note in notes),
            _moments(note.due for note in notes),
            plain_array(note.counted for note in notes),
            _moments(note.delivery.first_attempt_at for note in notes),
            now,
        ],
    )
    queue.advance_customers(connection, [note.delivery.customer_id for note in notes if note.state in FINISHED])
    counts = Counter(note.state for note in notes)
    lags = [
        max(0.0, (now - note.delivery.created).total_seconds()) for note in notes if note.state == Delivery.State.DONE
    ]
    execute(
        COUNT_MINUTE,
        [
            connection.pk,
            now,
            counts[Delivery.State.DONE],
            counts[Delivery.State.DEAD] + counts[Delivery.State.UNKNOWN],
            counts[Delivery.State.SKIPPED],
            retried,
            sum(lags),
            max(lags, default=0),
        ],
    )


def _moments(moments: Iterable[datetime | None]) -> str:
    return plain_array(moment and f'"{moment}"' for moment in moments)


def _end_of_rest(seconds: float) -> datetime:
    """With jitter: many connections must not come back in the same second."""
    return timezone.now() + timedelta(seconds=min(seconds, LONGEST_REST) * random.uniform(1, 1 + JITTER))
