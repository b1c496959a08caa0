"""A run of a bulk change: beginning it, changing one row, and taking one back."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from common.db import insert_many, new_row
from common.work import notify_after_commit
from subscriptions.actions.bulk import BULK_KINDS
from subscriptions.actions.bulk.kind import Answers, BulkKind
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actions.undo import undo
from subscriptions.actors import Actor
from subscriptions.errors import Busy, DomainError, NotFound, refused
from subscriptions.models import BulkRow, BulkRun, Customer, Merchant

TASK = "subscriptions.jobs.bulk_runs.continue_run"
MOST_ROWS = 100_000
CHUNK = 2000
AFTER_LAST = 2**62
"""Where the cursor of an undo begins: behind every row."""
TRIES = 3  # each waits two seconds for a customer held by another write
SO_ALREADY = "It was so already."
State = BulkRow.State


def start_run(merchant: Merchant, kind: BulkKind, rows: QuerySet[Any], answers: Answers, actor: Actor) -> BulkRun:
    """Begin to change the rows that `rows` holds now; what joins them later is not changed.

    Refused without rows and above `MOST_ROWS`.
    """
    owner = "pk" if kind.model is Customer else "customer"
    about = f"{kind.title} {kind.describe(answers)}".strip()
    with transaction.atomic():
        run = BulkRun.objects.create(
            merchant=merchant, kind=kind.name, answers=dict(answers), about=about[:200], actor=actor.as_json()
        )
        keys = rows.order_by("pk").values_list("pk", owner)[: MOST_ROWS + 1].iterator(chunk_size=CHUNK)
        while chunk := list(islice(keys, CHUNK)):
            insert_many(
                [new_row(BulkRow, run=run, subject=pk, customer_id=customer) for pk, customer in chunk], fetch_ids=False
            )
            run.total += len(chunk)
        if not run.total:
            raise refused("nothing_selected")
        if run.total > MOST_ROWS:
            raise refused("too_many_rows", n=f"{MOST_ROWS:,}")
        run.save(update_fields=["total"])
        notify_after_commit(TASK, run.pk)
    return run


def start_undo(run: BulkRun, actor: Actor) -> None:
    """Begin to take back what a finished run has changed, the last change first. Refused if that began before."""
    if not BULK_KINDS[run.kind].is_undoable:
        raise refused("bulk_run_not_undoable")
    with transaction.atomic():
        finished = BulkRun.objects.filter(pk=run.pk, state=BulkRun.State.DONE)
        changes = {"state": BulkRun.State.UNDOING, "cursor": AFTER_LAST, "undo_actor": actor.as_json()}
        if not finished.update(**changes, finished=None):
            raise refused("bulk_run_not_undoable")
        notify_after_commit(TASK, run.pk)


def change_row(run: BulkRun, row: BulkRow) -> None:
    """Change one row and move the cursor to it, in one transaction. What is refused is written down.

    Raises `LeaseLost`.
    """
    kind, actor = BULK_KINDS[run.kind], Actor.from_json(run.actor)

    def change() -> Mapping[str, Any]:
        activity = kind.change(_load_subject(run, row), run.answers, actor).activity
        return {"sentence": activity.sentence if activity else SO_ALREADY, "activity": activity}

    _work_at(run, row, change, State.DONE, State.REFUSED)


def undo_row(run: BulkRun, row: BulkRow) -> None:
    """`change_row` backwards. A row without its activity, which runs did not keep at first, is refused."""
    actor = Actor.from_json(run.undo_actor or run.actor)

    def take_back() -> Mapping[str, Any]:
        if row.activity is not None:
            undo(row.activity, actor=actor)
        elif row.sentence != SO_ALREADY:
            raise refused("not_undoable")
        return {}

    _work_at(run, row, take_back, State.UNDONE, State.KEPT)


def keep_row(run: BulkRun, row: BulkRow, sentence: str) -> None:
    """Write down why the row stays as it is, and move the cursor to it. Raises `LeaseLost`."""
    state = State.KEPT if run.state == BulkRun.State.UNDOING else State.REFUSED
    with transaction.atomic():
        _settle(run, row, state, {"sentence": sentence})


def _work_at(run: BulkRun, row: BulkRow, work: Callable[[], Mapping[str, Any]], done: State, refusal: State) -> None:
    for is_last in (*[False] * (TRIES - 1), True):
        try:
            with lock_customer(CUSTOMER_BY_KEY, pk=row.customer_id, merchant=run.merchant_id):
                return _settle(run, row, done, work())
        except DomainError as error:
            if is_last or not isinstance(error, Busy):
                return keep_row(run, row, error.sentence)


def _load_subject(run: BulkRun, row: BulkRow) -> Any:
    model = BULK_KINDS[run.kind].model
    related = ["merchant"] if model is Customer else ["merchant", "customer"]
    found = model._default_manager.select_related(*related).filter(merchant=run.merchant_id, pk=row.subject).first()
    if found is None:
        raise NotFound("not_found", "It was removed in the meantime.")
    return found


def _settle(run: BulkRun, row: BulkRow, state: State, changes: Mapping[str, Any]) -> None:
    BulkRow.objects.filter(pk=row.pk).update(state=state, **changes)
    run.advance(row.pk, **{state.value: F(state.value) + 1})
