"""Records the results of posts: one transaction writes the answer into the placement log and updates the order."""

import logging
import time
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from common.db import AnyOf, Param, Query, pipeline, reserve_ids, update, update_many
from subscriptions.actions import bulk_success, placement_results, upcoming_order
from subscriptions.actions.customer_lock import lock_customer, lock_customers
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import Busy
from subscriptions.models import Activity, Effect, Event, Order, OrderStatus, PlacementAttempt
from subscriptions.placement.results import PlacementResult, no_answer_result

log = logging.getLogger(__name__)
Answered = tuple[PlacementAttempt, PlacementResult]

ACTOR = Actor(ActorKind.JOB, "placement", "Placement")
PATIENCE_SECONDS = 60  # an answer is not dropped because the database is down or the customer is locked
# The customer is locked first, as by every action. The others are locked because only a locked row is sure to show the
# latest write.
ANSWERED = Query(
    lambda: (
        PlacementAttempt.objects.select_for_update(of=("order__customer", "order", "self"), no_key=True)
        .select_related("order__customer__merchant")
        .filter(pk=Param("pk"))
    )
)
TRIED = Query(
    lambda: (
        PlacementAttempt.objects.select_related("order__payment", "order__shipping_address")
        .filter(pk=AnyOf("keys"))
        .order_by("pk")
    )
)
LOGGED = ("finished", "request", "http_status", "answer", "code", "message", "order_merchant_id", "effect")
# The new rows that nearly every result writes.
WRITTEN = {Activity: 1, Event: 1}


def record_answers(answered: Sequence[Answered]) -> None:
    """`record_result` for answers that came together, of orders of one merchant. Waits for locked customers."""
    try:
        rest = record_placed_orders(answered)
    except Exception:
        # One faulty answer must not hold up the others.
        log.exception("%d answers could not be recorded together", len(answered))
        connection.close_if_unusable_or_obsolete()
        rest = answered
    for attempt, answer in rest:
        _record_patiently(attempt, answer)


def record_placed_orders(answered: Sequence[Answered]) -> Sequence[Answered]:
    """`record_result` for the placed orders of one merchant, in one transaction and a few statements.

    Returns the rest: other answers, orders of customers held by another write, and further orders of one customer.
    """
    chosen = {attempt.order.customer_id: attempt.pk for attempt, answer in answered if answer.effect is Effect.PLACED}
    if len(chosen) < 2:
        return answered
    answers = {attempt.pk: answer for attempt, answer in answered}
    with lock_customers(answered[0][0].order.merchant, list(chosen), only_free=True) as held:
        keys_held = [chosen[customer.pk] for customer in held]
        open_attempts = [attempt for attempt in TRIED.all(keys=keys_held) if not attempt.effect]
        placed = [(each.order, answers[each.pk].order_id) for each in open_attempts if _counts(each, answers[each.pk])]
        bulk_success.succeed_orders(placed, held, actor=ACTOR)
        for attempt in open_attempts:
            _fill_in(attempt, answers[attempt.pk])
        update_many(open_attempts, *LOGGED)
    return [each for each in answered if each[0].pk not in keys_held]


def record_result(attempt: PlacementAttempt, answer: PlacementResult) -> None:
    """Record the answer to `attempt` and update its order, in one transaction. Raises `Busy`.

    A success always counts. Any other answer counts only if the order has not been tried again since.
    """
    with lock_customer(ANSWERED, pk=attempt.pk) as now, pipeline(), reserve_ids(WRITTEN):
        _conclude(now, answer)


def requeue_lost_attempt(attempt: PlacementAttempt) -> None:
    """Record that the outcome of a dead worker's attempt is unknown, and queue its order again if it still matters."""
    order = attempt.order
    with lock_customer(ANSWERED, pk=attempt.pk) as now:
        _conclude(now, no_answer_result("The worker died before it had an answer."))
        unknown = Order.objects.filter(status=OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT)
        if unknown.filter(pk=order.pk, tries=attempt.tries).exists():
            upcoming_order.queue(order, actor=ACTOR)


def _conclude(attempt: PlacementAttempt, answer: PlacementResult) -> None:
    """Update the order by the answer and write the answer into the log, unless the log already has one."""
    if attempt.effect:
        return
    if _counts(attempt, answer):
        placement_results.finalize_placement(attempt.order, answer=answer, actor=ACTOR)
    _fill_in(attempt, answer)
    update(attempt, *LOGGED)


def _counts(attempt: PlacementAttempt, answer: PlacementResult) -> bool:
    order = attempt.order
    if answer.effect is not Effect.PLACED and order.tries != attempt.tries:
        return False
    if not order.status_row.awaits_result:
        log.warning("order %s was settled before its answer came: %s", order.public_id.hex, answer.effect)
        return False
    return True


def _fill_in(attempt: PlacementAttempt, answer: PlacementResult) -> None:
    attempt.finished = timezone.now()
    attempt.request, attempt.answer, attempt.http_status = answer.request, answer.answer, answer.http_status
    attempt.code, attempt.message, attempt.effect = answer.code, answer.message, answer.effect
    attempt.order_merchant_id = answer.order_id


def _record_patiently(attempt: PlacementAttempt, answer: PlacementResult) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return record_result(attempt, answer)
        except (Busy, OperationalError, InterfaceError):
            if time.monotonic() > ends:
                raise
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.5)
        except Exception:
            # The other answers go on. This order is posted again once its attempt counts as lost.
            return log.exception("the answer to order %s: %s", attempt.order.public_id.hex, answer.effect)
