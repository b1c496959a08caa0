"""The numbers of the task queue fit together."""

from math import ceil
from typing import Any

import pytest
from django.conf import settings
from django.core.signing import BadSignature
from django_q.conf import Conf
from django_q.signing import SignedPackage

from subscriptions.jobs import clock, dispatch


def test_no_task_is_repeated_while_it_may_still_run() -> None:
    queue = settings.Q_CLUSTER
    longest = max(queue["timeout"], dispatch.LOST_AFTER.total_seconds(), clock.SECONDS)
    rounds = 1 + ceil((queue["queue_limit"] + queue["bulk"]) / queue["workers"])
    assert queue["retry"] > longest * rounds + 10


class Planted:
    """What runs as code by being read."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("a task was read before its signature",)


def test_a_task_that_the_portal_has_not_signed_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = SignedPackage.dumps({"id": "1"})
    assert SignedPackage.loads(genuine) == {"id": "1"}
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(Conf, "SECRET_KEY", "another installation's")
        planted = SignedPackage.dumps(Planted())
    for forged in (planted, genuine[:-1] + ("a" if genuine[-1] != "a" else "b")):
        with pytest.raises(BadSignature):
            SignedPackage.loads(forged)
