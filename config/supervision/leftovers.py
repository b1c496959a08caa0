"""The processes that an earlier supervisor left running after a kill -9."""

import os
from contextlib import suppress
from pathlib import Path

import psutil

# Environment variable that every child inherits and passes on, so it marks whole process trees.
MARK = "REPRISE_SUPERVISED"


def end_leftovers(home: Path, grace: float = 10) -> int:
    """End all processes supervised for `home`, and return their number. `grace` is in seconds."""
    groups = {process: _process_group(process) for process in marked_processes(home)}
    mains = {process.pid for process, group in groups.items() if group == process.pid}
    for process, group in groups.items():
        with suppress(psutil.NoSuchProcess):
            if process.pid in mains:  # it ends its own children, see Child.request_stop
                process.terminate()
            elif group not in mains:
                process.kill()
    _, alive = psutil.wait_procs(groups, timeout=grace)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=grace)
    return len(groups)


def marked_processes(home: Path) -> list[psutil.Process]:
    """The running processes marked with `home`."""
    return [process for process in psutil.process_iter() if _read_mark(process) == str(home)]


def _read_mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except psutil.Error:  # of another user, or gone
        return None


def _process_group(process: psutil.Process) -> int:
    with suppress(ProcessLookupError):
        return os.getpgid(process.pid)
    return process.pid
