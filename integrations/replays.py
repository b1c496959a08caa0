"""Sends failed deliveries again in the background, in chunks."""

from contextlib import suppress

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from common.work import LeaseLost, Turn, claim_lease, notify_after_commit, sweep_rows, yield_turn
from integrations.models import Connection, Delivery, Replay
from integrations.outbox import notify_connections, replay_deliveries
from subscriptions.models import Merchant

TASK = "integrations.replays.continue_replay"
CHUNK = 1000


def start_replay(
    merchant: Merchant,
    *,
    started_by: str,
    connection: Connection | None = None,
    cause: str | None = None,
    state: str = Delivery.State.DEAD,
) -> Replay:
    """Begin to send again what has failed so far, of one connection and cause or of all."""
    newest = Delivery.objects.filter(merchant=merchant, state__in=Delivery.FAILED).aggregate(last=Max("pk"))["last"]
    with transaction.atomic():
        replay = Replay.objects.create(
            merchant=merchant,
            connection=connection,
            cause=cause,
            state=state,
            last=newest or 0,
            started_by=started_by,
        )
        notify_after_commit(TASK, replay.pk)
    return replay


def continue_replay(replay_id: int) -> None:
    """Task: continue a replay until it is done or the turn is over."""
    replay = claim_lease(Replay.objects.filter(finished=None).select_related("merchant"), replay_id)
    if replay is not None:
        with suppress(LeaseLost):  # another worker continues it
            _replay_all(replay, Turn())


def sweep() -> None:
    """Each minute: wake workers for replays whose task was lost or whose worker died."""
    sweep_rows(Replay.objects.filter(finished=None), TASK)


def failed_deliveries(replay: Replay) -> QuerySet[Delivery]:
    """What the replay concerns and has failed still."""
    rows = Delivery.objects.filter(
        merchant=replay.merchant, state=replay.state, pk__gt=replay.cursor, pk__lte=replay.last
    )
    if replay.connection_id is not None:
        rows = rows.filter(connection=replay.connection_id)
    return rows if replay.cause is None else rows.filter(cause=replay.cause)


def _replay_all(replay: Replay, turn: Turn) -> None:
    if replay.total is None:
        replay.renew(total=failed_deliveries(replay).count())
    while keys := list(failed_deliveries(replay).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            again = replay_deliveries(Delivery.objects.filter(pk__in=keys), bulk=True)
            replay.done += again
            replay.advance(keys[-1], done=replay.done)
        notify_connections(replay.merchant_id)
        if turn.is_over:
            return yield_turn(replay, TASK)
    replay.release(finished=timezone.now())
