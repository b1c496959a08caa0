import os

from config.supervision.child import Child


def test_a_child_that_ends_just_before_it_is_stopped_is_gone_like_any_other() -> None:
    child = Child("tried", ["true"], dict(os.environ))
    child.keep_alive()
    assert child.process
    os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOWAIT)
    child.request_stop(grace=10)
    child.reap()
    assert child.process is None
