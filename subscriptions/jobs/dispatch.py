"""Posts the orders in placement to the merchant's platform.

The row of an attempt is committed before its post leaves. Its unique key claims the order's try: no other worker sends
it. The lease of a merchant's dispatch only limits how many posts the platform gets at once. An attempt that a dead
worker left has an unknown outcome, and is posted again under the same idempotency key. One thread claims orders and
records results, the others send.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Barrier

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from common.db import AnyOf, Param, Query, insert_many, new_row
from common.work import LeaseLost, Turn, claim_lease, sweep_rows, yield_turn
from subscriptions.errors import Busy
from subscriptions.jobs import record_results
from subscriptions.models import Order, OrderDispatch, OrderStatus, PlacementAttempt
from subscriptions.placement.gateway import PlacementRequest, take_snapshots
from subscriptions.placement.registry import gateway_of
from subscriptions.placement.results import PlacementResult, no_answer_result

log = logging.getLogger(__name__)

TASK = "subscriptions.jobs.dispatch.dispatch_orders"
TOGETHER_SECONDS = 0.02  # an answer waits this long for others to be recorded with it
LOOK_SECONDS = 10  # how often the lease is checked while no answer comes
# Longer than any order may be under way: up to three consecutive posts of 65 seconds, and the 60 seconds for which an
# answer that cannot be recorded is kept.
LOST_AFTER = timedelta(seconds=300)
MOST_SECONDS = 300  # of a task, likewise; the queue's own limit would cut off posts with slow answers


def sweep() -> None:
    """Each minute: requeue attempts that dead workers left, and wake workers for merchants whose orders wait."""
    lost = PlacementAttempt.objects.filter(effect="", started__lt=timezone.now() - LOST_AFTER)
    for attempt in lost.select_related("order"):
        try:
            record_results.requeue_lost_attempt(attempt)
        except Busy:
            pass  # the next minute tries again
        except Exception:
            log.exception("the lost try %s of order %s", attempt.tries, attempt.order.public_id.hex)
    merchants = set(_waiting(_live()).values_list("merchant", flat=True))
    sweep_rows(_dispatch_rows(merchants), TASK, timeout=MOST_SECONDS)


def dispatch_orders(merchant_id: int) -> None:
    """Task: post the merchant's orders until none is left or the turn is over. Only one worker at a time does this."""
    dispatch = claim_lease(_dispatch_rows([merchant_id]), merchant_id)
    if dispatch is None:
        return
    turn = Turn()

    def may_go_on() -> bool:
        try:
            dispatch.keep()
        except LeaseLost:  # another worker takes over; this one records the results of its posts
            return False
        return not turn.is_over

    is_done = post_orders(_live().filter(merchant=merchant_id), may_go_on)
    with suppress(LeaseLost):
        if is_done:
            dispatch.release()
        else:
            yield_turn(dispatch, TASK, timeout=MOST_SECONDS)


def post_orders(orders: QuerySet[Order], may_go_on: Callable[[], bool] = lambda: True) -> bool:
    """Post the waiting ones of `orders`, all of one merchant, several at a time. Returns whether all were posted.

    `may_go_on` is called in every round. Once it returns False, the posts under way are the last.
    """
    width = settings.PLACEMENT_CONCURRENCY
    queue = _Queue(orders, 2 * width)
    under_way: dict[Future[PlacementResult], PlacementAttempt] = {}
    goes_on = True
    with _senders(width) as pool:
        while True:
            with _outage_tolerated(bool(under_way)):
                goes_on = may_go_on()
                # Up to three for each sender, so that none is idle while answers are recorded.
                room = 3 * width - sum(not sent.done() for sent in under_way)
                if goes_on and room >= width:
                    for attempt, request in _claim(queue, room):
                        under_way[pool.submit(_send, request)] = attempt
            if not under_way:
                return goes_on
            if wait(under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
                finished, _ = wait(under_way, timeout=TOGETHER_SECONDS)
                answered = [(under_way.pop(future), future.result()) for future in finished]
                record_results.record_answers(answered)


def _dispatch_rows(merchants: Iterable[int]) -> QuerySet[OrderDispatch]:
    """The rows whose leases say who posts for these merchants; missing rows are created."""
    keys = list(merchants)
    OrderDispatch.objects.bulk_create([OrderDispatch(merchant_id=key) for key in keys], ignore_conflicts=True)
    return OrderDispatch.objects.filter(pk__in=keys)


def _live() -> QuerySet[Order]:
    # The orders of test customers with a clock are posted when the clock is moved.
    return Order.objects.filter(customer__clock=None, merchant__paused_at=None)


def _waiting(orders: QuerySet[Order]) -> QuerySet[Order]:
    tried = PlacementAttempt.objects.filter(order=OuterRef("pk"), tries=OuterRef("tries"))
    return orders.filter(~Exists(tried), status=OrderStatus.PENDING_PLACEMENT)


HELD = Query(lambda: _waiting(Order.objects.filter(pk=AnyOf("keys"))).only("pk").order_by("pk"))


class _Queue:
    """The waiting ones of `orders`, `most` at a time in key order, and then from the first again.

    Each query starts after the last order found, to avoid scanning all orders that were placed in the meantime.
    """

    def __init__(self, orders: QuerySet[Order], most: int) -> None:
        self.after = 0
        found = _waiting(orders).only("pk").filter(pk__gt=Param("after")).order_by("pk")
        self.rows = Query(lambda: found.select_for_update(skip_locked=True, no_key=True, of=("self",))[:most])

    def hold(self, room: int) -> list[Order]:
        """Lock and return up to `room` of the next orders that no other worker holds. Call it in a transaction."""
        found = self.rows.all(after=self.after)
        if not found and self.after:
            found = self.rows.all(after=0)
        found = found[:room]
        self.after = found[-1].pk if found else 0
        return found


@contextmanager
def _outage_tolerated(is_busy: bool) -> Iterator[None]:
    """While orders are under way, a database outage must not prevent their answers from being recorded."""
    try:
        yield
    except (OperationalError, InterfaceError):
        if not is_busy:
            raise
        connection.close_if_unusable_or_obsolete()


def _claim(queue: _Queue, room: int) -> list[tuple[PlacementAttempt, PlacementRequest]]:
    """Begin attempts for up to `room` of the next orders. Returns each with the order as it is sent."""
    with transaction.atomic():
        held = [row.pk for row in queue.hold(room)]
        # Read again under the lock: another worker may have claimed an order between the query and the lock.
        found = HELD.all(keys=held) if held else []
        requests = take_snapshots(found) if found else []
        orders = [request.order for request in requests]
        attempts = [
            new_row(PlacementAttempt, merchant_id=row.merchant_id, order=row, tries=row.tries) for row in orders
        ]
        insert_many(attempts)
        return list(zip(attempts, requests, strict=True))


def _send(request: PlacementRequest) -> PlacementResult:
    try:
        return gateway_of(request.order).place(request)
    except Exception:
        # The post may have left before the error.
        log.exception("order %s could not be sent", request.key)
        return no_answer_result("Something went wrong on our side; the log of the task workers says what.")


@contextmanager
def _senders(width: int) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(width, thread_name_prefix="post") as pool:
        yield pool
        # The simulator opens a database connection in each thread, which would outlive the thread.
        together = Barrier(width)
        wait([pool.submit(_hang_up, together) for _ in range(width)])


def _hang_up(together: Barrier) -> None:
    together.wait()
    connection.close()
