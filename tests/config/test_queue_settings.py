"""The numbers of the task queue fit together."""

from math import ceil

from django.conf import settings

from subscriptions.jobs import clock, dispatch


def test_no_task_is_repeated_while_it_may_still_run() -> None:
    queue = settings.Q_CLUSTER
    longest = max(queue["timeout"], dispatch.LOST_AFTER.total_seconds(), clock.SECONDS)
    rounds = 1 + ceil((queue["queue_limit"] + queue["bulk"]) / queue["workers"])
    assert queue["retry"] > longest * rounds + 10
