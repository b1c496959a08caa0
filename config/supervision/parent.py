"""Ties a process to its parent. Outside Linux the parts that need the kernel do nothing."""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def stop_with_parent(parent: int) -> None:
    """Ask the kernel to send SIGTERM once `parent`, the process that started this one, has exited."""
    if libc:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it exited before the call
            os._exit(1)


def is_parent_stopping(parent: int) -> bool:
    """Whether `parent`, a make, was interrupted or has exited.

    make passes SIGTERM on to what it runs. On SIGINT it only restores the default handler and waits, which shows in
    the signals that it handles.
    """
    if os.getppid() != parent:
        return True
    status = Path(f"/proc/{parent}/status")
    if not status.exists():
        return False
    masks = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if line.startswith("Sig"))
    handled = int(masks["SigCgt"], 16) | int(masks["SigIgn"], 16)
    return not handled >> (signal.SIGINT - 1) & 1
