import time

# Short enough that a new task hardly waits, and long enough that queueing costs little compared with the work.
TURN_SECONDS = 15.0


class Turn:
    """The time slice of a worker, from now on."""

    def __init__(self) -> None:
        self.ends = time.monotonic() + TURN_SECONDS

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.ends
