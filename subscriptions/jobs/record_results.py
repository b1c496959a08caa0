"""What came of posts is noted: the answer in the log of tries, and its order where that leads, in one transaction."""

import logging
import time
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from common.db import AnyOf, Param, Query, gathered, reserve_ids, update, update_many
from subscriptions.actions import bulk_success, placement_results, upcoming_order
from subscriptions.actions.core import lock_customer, lock_customers
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import Busy
from subscriptions.models import Activity, Effect, Event, Order, OrderStatus, PlacementAttempt
from subscriptions.placement.results import PlacementResult, no_answer_result

log = logging.getLogger(__name__)
Answered = tuple[PlacementAttempt, PlacementResult]

ACTOR = Actor(ActorKind.JOB, "placement", "Placement")
PATIENCE_SECONDS = 60  # an answer in hand is not dropped because the database is away or the customer held
# The customer first, as every act; the others because only a locked row is read as the write before has left it.
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
# The new rows of nearly every answer.
WRITTEN = {Activity: 1, Event: 1}


def record_answers(answered: Sequence[Answered]) -> None:
    """`settle` for the answers that came together, of orders of one merchant; waits for a customer who is held."""
    try:
        rest = record_placed_orders(answered)
    except Exception:
        # Where something is the matter with one of them, the others are not to wait for it.
        log.exception("%d answers could not be noted together", len(answered))
        connection.close_if_unusable_or_obsolete()
        rest = answered
    for attempt, answer in rest:
        _record_patiently(attempt, answer)


def record_placed_orders(answered: Sequence[Answered]) -> Sequence[Answered]:
    """`settle` for those orders of one merchant that were placed, in one transaction and a few statements for all.

    Returns the others, and those that another write holds, or another order of whose customer is among them.
    """
    chosen = {attempt.order.customer_id: attempt.pk for attempt, answer in answered if answer.effect is Effect.PLACED}
    if len(chosen) < 2:
        return answered
    answers = {attempt.pk: answer for attempt, answer in answered}
    with lock_customers(answered[0][0].order.merchant, list(chosen), only_free=True) as held:
        keys_held = [chosen[customer.pk] for customer in held]
        noted = [attempt for attempt in TRIED.all(keys=keys_held) if not attempt.effect]
        placed = [(each.order, answers[each.pk].order_id) for each in noted if _counts(each, answers[each.pk])]
        bulk_success.succeed_orders(placed, held, actor=ACTOR)
        for attempt in noted:
            _fill_in(attempt, answers[attempt.pk])
        update_many(noted, *LOGGED)
    return [each for each in answered if each[0].pk not in keys_held]


def record_result(attempt: PlacementAttempt, answer: PlacementResult) -> None:
    """Note what came of `attempt` and bring its order to where that leads, in one transaction.

    A success always counts; any other answer only if the order was not tried again since. Raises `Busy`.
    """
    with lock_customer(ANSWERED, pk=attempt.pk) as now, reserve_ids(WRITTEN), gathered():
        _conclude(now, answer)


def requeue_lost_attempt(attempt: PlacementAttempt) -> None:
    """What came of it is unknown; unless that no longer matters, its order is posted again."""
    order = attempt.order
    with lock_customer(ANSWERED, pk=attempt.pk) as now:
        _conclude(now, no_answer_result("The worker died before it had an answer."))
        unknown = Order.objects.filter(status=OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT)
        if unknown.filter(pk=order.pk, tries=attempt.tries).exists():
            upcoming_order.queue(order, actor=ACTOR)


def _conclude(attempt: PlacementAttempt, answer: PlacementResult) -> None:
    """Let the order follow the answer and write it into the log, unless there is one."""
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
            # The other answers have their turn; this one is asked for anew once its try counts as lost.
            return log.exception("the answer to order %s: %s", attempt.order.public_id.hex, answer.effect)
