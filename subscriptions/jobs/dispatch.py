"""Orders handed to placement are posted to the merchant's platform.

The row of an attempt is committed before its post leaves, and claims the order's try: nobody else sends it. What a
dead worker left is an unknown outcome, and is posted again under the same idempotency key. One thread claims and notes,
the others send.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from common.db import AnyOf, Param, Query, insert_many, new_row
from subscriptions.errors import Busy
from subscriptions.jobs import record_results
from subscriptions.models import Order, OrderStatus, PlacementAttempt
from subscriptions.placement.answers import Answer, no_answer
from subscriptions.placement.gateway import PlacementRequest, snapshots
from subscriptions.placement.registry import gateway_of

log = logging.getLogger(__name__)

DESK = 0x504F5354  # of pg_advisory_lock; any number nobody else uses
TURN_SECONDS = 15
TOGETHER_SECONDS = 0.02  # so long an answer waits for others to be noted with it
# Longer than any order may be on its way: up to three posts of 65 seconds one behind the other, and the 60 seconds for
# which an answer in hand is kept.
LOST_AFTER = timedelta(seconds=300)
MOST_SECONDS = 300  # of a task, likewise; the queue's own limit would end posts whose answers are slow


def ring(merchants: Iterable[int]) -> None:
    for merchant in merchants:
        async_task("subscriptions.jobs.dispatch.post", merchant, save=False, timeout=MOST_SECONDS)


def sweep() -> None:
    """Tick, each minute: post again what dead workers left, and post what a lost doorbell left."""
    lost = PlacementAttempt.objects.filter(effect="", started__lt=timezone.now() - LOST_AFTER)
    for attempt in lost.select_related("order"):
        try:
            record_results.take_up(attempt)
        except Busy:
            pass  # the next minute tries again
        except Exception:
            log.exception("the lost try %s of order %s", attempt.tries, attempt.order.public_id.hex)
    ring(set(_waiting(_live()).values_list("merchant", flat=True)))


def post(merchant_id: int) -> None:
    """Task: post the merchant's orders until there are none or its turn is over. One such task runs at a time."""
    with _alone(merchant_id) as mine:
        if mine and post_all(_live().filter(merchant=merchant_id), TURN_SECONDS):
            ring([merchant_id])


def post_all(orders: QuerySet[Order], seconds: float = float("inf")) -> bool:
    """Post those of `orders`, one merchant's, that wait, several at a time; whether time was up before all were."""
    ends = time.monotonic() + seconds
    width = settings.PLACEMENT_CONCURRENCY
    queue = _Queue(orders, 2 * width)
    under_way: dict[Future[Answer], PlacementAttempt] = {}
    with _senders(width) as pool:
        while True:
            late = time.monotonic() > ends
            # Up to three for each sender, who would else be out of work while answers are noted.
            room = 3 * width - sum(not sent.done() for sent in under_way)
            if not late and room >= width:
                for attempt, request in _claim_if_possible(queue, room, bool(under_way)):
                    under_way[pool.submit(_send, request)] = attempt
            if not under_way:
                return late
            wait(under_way, return_when=FIRST_COMPLETED)
            finished, _ = wait(under_way, timeout=TOGETHER_SECONDS)
            answered = [(under_way.pop(future), future.result()) for future in finished]
            record_results.settle_all(answered)


def _live() -> QuerySet[Order]:
    # Test customers with a clock are served when it is moved.
    return Order.objects.filter(customer__clock=None)


def _waiting(orders: QuerySet[Order]) -> QuerySet[Order]:
    tried = PlacementAttempt.objects.filter(order=OuterRef("pk"), tries=OuterRef("tries"))
    return orders.filter(~Exists(tried), status=OrderStatus.PENDING_PLACEMENT)


HELD = Query(lambda: _waiting(Order.objects.filter(pk=AnyOf("keys"))).only("pk").order_by("pk"))


class _Queue:
    """Those of `orders` that wait, `most` at a time in the order of their keys, and then from the first again.

    So that each look begins behind the last, and does not go through all that were placed since the first.
    """

    def __init__(self, orders: QuerySet[Order], most: int) -> None:
        self.after = 0
        found = _waiting(orders).only("pk").filter(pk__gt=Param("after")).order_by("pk")
        self.rows = Query(lambda: found.select_for_update(skip_locked=True, no_key=True, of=("self",))[:most])

    def hold(self, room: int) -> list[Order]:
        """Up to so many of the next ones that nobody else holds, locked. Call it in a transaction."""
        found = self.rows.all(after=self.after)
        if not found and self.after:
            found = self.rows.all(after=0)
        found = found[:room]
        self.after = found[-1].pk if found else 0
        return found


def _claim_if_possible(queue: _Queue, room: int, is_busy: bool) -> list[tuple[PlacementAttempt, PlacementRequest]]:
    """As `_claim`; while orders are under way, a database that is away does not keep their answers from being noted."""
    try:
        return _claim(queue, room)
    except (OperationalError, InterfaceError):
        if not is_busy:
            raise
        connection.close_if_unusable_or_obsolete()
        return []


def _claim(queue: _Queue, room: int) -> list[tuple[PlacementAttempt, PlacementRequest]]:
    """Take so many of the next orders: their attempts are on record from now on, and the orders as they are sent."""
    with transaction.atomic():
        held = [row.pk for row in queue.hold(room)]
        # Looked at again now that they are held: somebody may have taken one between the look and the lock.
        found = HELD.all(keys=held) if held else []
        requests = snapshots(found) if found else []
        orders = [request.order for request in requests]
        attempts = [
            new_row(PlacementAttempt, merchant_id=row.merchant_id, order=row, tries=row.tries) for row in orders
        ]
        insert_many(attempts)
        return list(zip(attempts, requests, strict=True))


def _send(request: PlacementRequest) -> Answer:
    try:
        return gateway_of(request.order).place(request)
    except Exception:
        # It may have left before whatever this is happened.
        log.exception("order %s could not be sent", request.key)
        return no_answer("Something went wrong on our side; the log of the task workers says what.")


@contextmanager
def _senders(width: int) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(width, thread_name_prefix="post") as pool:
        yield pool
        # The simulator gave each thread a connection, which would outlive it.
        together = Barrier(width)
        wait([pool.submit(_hang_up, together) for _ in range(width)])


def _hang_up(together: Barrier) -> None:
    together.wait()
    connection.close()


@contextmanager
def _alone(merchant_id: int) -> Iterator[bool]:
    """Whether no other worker posts for the merchant; ends with the database session of a worker that died."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [DESK, merchant_id])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [DESK, merchant_id])
