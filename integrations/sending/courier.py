"""Keeps a connection's requests on their way."""

import logging
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from common.work import Turn, notify_worker, yield_turn
from integrations import pace
from integrations.base import Answer, Integration, Parcel, Prepared
from integrations.models import Connection, Delivery
from integrations.sending import queue, results

log = logging.getLogger(__name__)

MOST_THREADS = 48
# More than these wait for no single request each: a bulk request brings all of them sooner.
MOST_LIVE = 300
# One leaves while the next is made.
BULK_IN_FLIGHT = 2
# Ended by a worker's death, a delivery is sent without others in its request, then without any beside it. If that
# happens again and again, it is the cause.
DEATHS_TO_SEND_ALONE = 2
DEATHS_TO_GIVE_UP = 5
# How long to look for further answers before all of them are noted, and how long to wait for the first one before
# looking for new live events.
GATHER_SECONDS = 0.015
LOOK_SECONDS = 0.1
# A batch of the bulk takes longer to make than live requests take to be answered, and a customer's live events leave
# one after the other. So the bulk gives way while some come, but no longer than this.
GIVE_WAY_SECONDS = 0.5
# A wait for the next second is slept, as a new task would take longer.
SHORT_WAIT = timedelta(seconds=1)


@dataclass(slots=True)
class Lane:
    """Either what somebody is waiting for, or the bulk behind it."""

    bulk: bool
    waiting: deque[Parcel] = field(default_factory=deque)
    closed_until: datetime | None = None
    empty_since: float | None = None
    """When it was found empty last, in the seconds of `time.monotonic`."""
    found_at: float = 0.0
    """When something was found in it last, likewise."""

    @property
    def was_empty_just_now(self) -> bool:
        return self.empty_since is not None and time.monotonic() < self.empty_since + LOOK_SECONDS

    @property
    def is_open(self) -> bool:
        return self.closed_until is None or self.closed_until <= timezone.now()


class Courier:
    def __init__(self, connection: Connection, integration: Integration, turn: Turn) -> None:
        self.connection, self.integration, self.turn = connection, integration, turn
        self.account = pace.account_key(connection)
        self.lanes = [Lane(bulk=False), Lane(bulk=True)]
        self.sending: dict[Future[Answer], results.Sent] = {}
        self.stop: results.Stop | None = None

    def run(self) -> None:
        """Send until nothing is left that may leave now, the connection has to rest, or the turn is over.

        Raises `LeaseLost`.
        """
        if self.connection.attempts:  # the last worker died
            queue.count_deaths(self.connection)
        queue.recover_order(self.connection)
        while True:
            if not self.stop and not self.turn.is_over:
                self._fill()
                self._launch()
            if self.sending:
                self._collect()
            elif self.stop:
                return self.stop.release(self.connection)
            elif self.turn.is_over:
                return yield_turn(self.connection, queue.DRAIN, wake_requested=True)
            elif self._is_finished():
                return None

    # What to send

    def _fill(self) -> bool:
        """Read what may leave, where a lane has too little waiting; True if something waits."""
        for lane in self.lanes:
            is_needless = (self.sending and lane.was_empty_just_now) or (lane.bulk and self._bulk_gives_way)
            if lane.is_open and not lane.waiting and not is_needless:
                limit = max(self.integration.most_in_bulk, MOST_LIVE) if lane.bulk else MOST_LIVE + 1
                found = queue.read_deliveries(
                    self.connection, self.integration, bulk=lane.bulk, limit=limit, held=self._held()
                )
                now = time.monotonic()
                lane.empty_since, lane.found_at = (None, now) if found else (now, lane.found_at)
                self._prepare(lane, found)
        return any(lane.waiting for lane in self.lanes)

    @property
    def _bulk_gives_way(self) -> bool:
        live, bulk = self.lanes
        is_live_busy = self.sending or (live.waiting and live.is_open)
        now = time.monotonic()
        return bool(is_live_busy) and now < min(live.found_at + LOOK_SECONDS, bulk.found_at + GIVE_WAY_SECONDS)

    def _held(self) -> list[int]:
        parcels = [parcel for lane in self.lanes for parcel in lane.waiting]
        parcels += [sent.parcel for sent in self.sending.values()]
        return [delivery.pk for parcel in parcels for delivery in parcel.deliveries]

    def _prepare(self, lane: Lane, deliveries: Sequence[Delivery]) -> None:
        killers = [one for one in deliveries if one.interrupted >= DEATHS_TO_GIVE_UP]
        untried = [one for one in deliveries if not one.attempts_made]
        tried = [one for one in deliveries if one.attempts_made and one not in killers]
        bulk = self._may_send_bulk and (lane.bulk or len(untried) > MOST_LIVE)
        # What may have arrived already is sent alone: a bulk request could be refused as a whole for it.
        for made in (self._make_parcels(tried, bulk=False), self._make_parcels(untried, bulk=bulk)):
            lane.waiting.extend(made.parcels)
            results.record_unsent(self.connection, made.skipped, made.failed)
        given_up = [(one, f"The worker ended {one.interrupted} times while sending this.") for one in killers]
        results.record_unsent(self.connection, [], given_up)

    @property
    def _may_send_bulk(self) -> bool:
        return self.integration.most_in_bulk > 1 and not self._is_probing

    @property
    def _is_probing(self) -> bool:
        return self.connection.failures >= results.FAULTS_TO_REST

    def _make_parcels(self, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        if not deliveries:
            return Prepared()
        try:
            return self.integration.prepare(self.connection, deliveries, bulk=bulk)
        except (OperationalError, InterfaceError):
            raise  # the database fails, not the event
        except Exception:
            if len(deliveries) == 1:
                log.exception("no request can be made of delivery %s", deliveries[0].pk, extra=deliveries[0].log_ids)
                return Prepared(failed=[(deliveries[0], "The portal failed at making a request of this event.")])
        # One of them is the cause; the others must not wait for it.
        found = Prepared()
        for one in deliveries:
            alone = self._make_parcels([one], bulk=False)
            found.parcels += alone.parcels
            found.skipped += alone.skipped
            found.failed += alone.failed
        return found

    # Requests

    def _launch(self) -> None:
        leaving = self._granted(self._candidates())
        if leaving:
            for sent in results.begin_attempts(self.connection, leaving):
                self.sending[_threads().submit(results.send_parcel, sent)] = sent

    def _candidates(self) -> list[tuple[Lane, Parcel]]:
        """Parcels for which there is room, taken from their lanes; what is live comes first."""
        for lane in self.lanes:
            if lane.is_open and lane.waiting and _goes_alone(lane.waiting[0]):
                return [] if self.sending else [(lane, lane.waiting.popleft())]
        found = []
        places = self._free_places()
        for lane in self.lanes:
            while lane.is_open and lane.waiting and not _goes_alone(lane.waiting[0]):
                is_bulk = _is_bulk(lane.waiting[0])
                if places[is_bulk] <= 0:
                    break
                found.append((lane, lane.waiting.popleft()))
                places[is_bulk] -= 1
        return found

    def _free_places(self) -> dict[bool, int]:
        """How many more bulk requests (True) and single ones may be on their way."""
        parcels = [sent.parcel for sent in self.sending.values()]
        if any(map(_goes_alone, parcels)):
            return {True: 0, False: 0}
        used = Counter(map(_is_bulk, parcels))
        in_flight = 1 if self._is_probing else self.integration.in_flight
        return {True: BULK_IN_FLIGHT - used[True], False: in_flight - used[False]}

    def _granted(self, candidates: Sequence[tuple[Lane, Parcel]]) -> list[Parcel]:
        """Those of `candidates` that the receiver's limits allow; the others go back, and their lanes are closed."""
        wanted = Counter(road for _, parcel in candidates for road in parcel.roads)
        grants = {road: pace.reserve_requests(self.account, road, n) for road, n in wanted.items()}
        left = Counter({road: grant.count for road, grant in grants.items()})
        granted = []
        for lane, parcel in candidates:
            needed = Counter(parcel.roads)
            if needed <= left:
                left -= needed
                granted.append(parcel)
            else:
                lane.waiting.append(parcel)
                lane.closed_until = max(grants[road].until or timezone.now() for road in parcel.roads)
        return granted

    # Answers

    def _collect(self) -> None:
        """Wait for an answer, and note all that are there."""
        self.connection.keep()  # several requests one after the other take longer than a lease
        finished, _ = wait(self.sending, LOOK_SECONDS, FIRST_COMPLETED)
        if finished and len(finished) < len(self.sending):
            finished, _ = wait(self.sending, GATHER_SECONDS)
        answered = [(self.sending.pop(future), future.result()) for future in finished]
        if answered:
            self.stop = results.record(self.connection, self.integration, answered) or self.stop
        for sent, answer in answered:
            if results.is_to_be_halved(sent, answer):
                self._halve(list(sent.parcel.deliveries))

    def _halve(self, deliveries: list[Delivery]) -> None:
        middle = len(deliveries) // 2
        for half in (deliveries[:middle], deliveries[middle:]):
            made = self._make_parcels(half, bulk=True)
            results.record_unsent(self.connection, made.skipped, made.failed)
            self.lanes[-1].waiting.extendleft(made.parcels)

    # Nothing is on its way

    def _is_finished(self) -> bool:
        """Give the connection back if nothing may leave now; a task is queued for what may leave later."""
        if self._slept_until_open():
            return False
        for lane in self.lanes:
            lane.waiting.clear()
        self.connection.begin_round()
        if self._fill():
            return False
        later, resume_at = self._next_moment(), self.connection.resume_at
        is_queued = resume_at is not None and later is not None and timezone.now() < resume_at <= later
        if later and not is_queued:
            self.connection.renew(resume_at=later)
            self.connection.resume_at = later
        is_released = self.connection.release_if_idle()
        if is_released and later and not is_queued:
            notify_worker(queue.DRAIN, self.connection.pk, at=later)
        return is_released

    def _slept_until_open(self) -> bool:
        """Whether parcels are waiting for a road that opens in a moment, and it is open now."""
        moments = [lane.closed_until for lane in self.lanes if lane.waiting and lane.closed_until]
        rest = min(moments) - timezone.now() if moments else None
        if rest is None or rest > SHORT_WAIT:
            return False
        time.sleep(max(0.0, rest.total_seconds()))
        return True

    def _next_moment(self) -> datetime | None:
        """When something may leave that waits now."""
        moments = [(queue.next_due(self.connection, bulk=lane.bulk), lane.closed_until) for lane in self.lanes]
        return min((max(due, until or due) for due, until in moments if due), default=None)


def _is_bulk(parcel: Parcel) -> bool:
    return len(parcel.deliveries) > 1


def _goes_alone(parcel: Parcel) -> bool:
    return any(delivery.interrupted >= DEATHS_TO_SEND_ALONE for delivery in parcel.deliveries)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="courier")
