"""The bond between a process and its parent. What Linux does not offer elsewhere is left out there."""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def stop_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM when `parent`, the process that started this one, is gone."""
    if libc:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it went before the call
            os._exit(1)


def is_parent_stopping(parent: int) -> bool:
    """Whether `parent`, a make, was interrupted or is gone.

    make passes SIGTERM on to what it runs; on SIGINT it only puts the default handler back and waits.
    """
    if os.getppid() != parent:
        return True
    status = Path(f"/proc/{parent}/status")
    if not status.exists():
        return False
    masks = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if line.startswith("Sig"))
    minded = int(masks["SigCgt"], 16) | int(masks["SigIgn"], 16)
    return not minded >> (signal.SIGINT - 1) & 1
