"""The minute tick of the automation."""

import logging

from subscriptions.jobs import dispatch, runs, timed_tasks

log = logging.getLogger(__name__)


def tick() -> None:
    """Begin the runs that are due, do the timed tasks of this minute, and post the orders that wait.

    An error in one of the three does not stop the others.
    """
    for part in (runs.begin_due_runs, timed_tasks.do_timed_tasks, dispatch.sweep):
        try:
            part()
        except Exception:
            log.exception("%s.%s failed", part.__module__, part.__name__)
