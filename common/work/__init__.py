"""Durable background work: it survives killed workers, lost tasks and repeated tasks.

Work is a row with a lease (`Leased`). A task only makes a worker look at the row; the row knows what is left to do.

- `claim_lease` gives the row to one worker for the length of a lease, with a fencing token. Each later write of that
  worker names the token. If another worker has claimed the row since, the write raises `LeaseLost` and its
  transaction is undone.
- A run over many things (`LeasedRun`) moves its cursor with `advance` in the transaction of each effect. A killed
  worker's run continues after the last committed effect.
- A queue that is never finished (`LeasedQueue`) merges wake-ups: while its `wake_requested` is set, no further task is
  made, and a worker releases the queue only if no wake-up came since it last looked.
- A worker stops after its `Turn`: `yield_turn` releases the row and asks for a new task, which goes to the end of the
  task queue, so that other rows get their turn. For a row that has to rest, the task waits until the rest is over.
- `attempts` counts the leases that were never released: workers that died. The claim counts them, so that the
  next worker notices a row that kills its workers.
- A sweep each minute (`sweep_rows`) wakes workers for rows whose task was lost or whose worker died.

To take work away from a running worker, clear `lease_token`: its next write raises `LeaseLost`.
"""

from common.work.lease import Leased, LeasedQueue, LeasedRun, LeaseLost, claim_lease, unleased_rows
from common.work.turn import Turn
from common.work.wake import (
    call_after_commit,
    notify_after_commit,
    notify_worker,
    queue_task,
    request_wake,
    sweep_rows,
    yield_turn,
)

__all__ = [
    "LeaseLost",
    "Leased",
    "LeasedQueue",
    "LeasedRun",
    "Turn",
    "call_after_commit",
    "claim_lease",
    "notify_after_commit",
    "notify_worker",
    "queue_task",
    "request_wake",
    "sweep_rows",
    "unleased_rows",
    "yield_turn",
]
