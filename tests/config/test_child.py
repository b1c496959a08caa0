import os
import time

import pytest

from config.supervision.child import Child


def test_a_child_that_ends_just_before_it_is_stopped_is_gone_like_any_other() -> None:
    child = Child("tried", ["true"], dict(os.environ))
    child.keep_alive()
    assert child.process
    os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOWAIT)
    child.request_stop(grace=10)
    child.reap()
    assert child.process is None


def test_only_a_new_sign_of_life_ends_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    child = Child("tried", ["true"], {})
    silences = []
    for now, sign in [(1000.0, "first"), (1030.0, "first"), (1060.0, "second"), (1061.0, "second")]:  # noqa: B007  read above
        silences.append(child.silence(sign))
    assert silences == [0, 30, 0, 1]
