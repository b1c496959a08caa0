"""Requests of several kinds, each at the hours of its own, and how long their answers took."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

CONNECTIONS = 16  # of each kind
IDLE_SECONDS = 2  # after which a client does not trust a kept connection; the server ends idle ones
SUCCESS = {200, 204, 302, 303}  # some staff pages and all fetched links lead to another page


@dataclass
class Kind:
    """`number` requests, spread over the day by the weights of its 24 `hours`.

    `times` are in seconds, from when a request was due to its answer's end, so they include the wait for a free
    connection.
    """

    name: str
    number: int
    hours: str
    requests: Iterator[bytes]
    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def due_times(self, hour_seconds: float) -> Iterator[float]:
        """In seconds from midnight."""
        weights = [int(digit) for digit in self.hours]
        for hour in range(24):
            first, after = (self.number * sum(weights[:end]) // sum(weights) for end in (hour, hour + 1))
            yield from (hour_seconds * (hour + turn / (after - first)) for turn in range(after - first))

    @property
    def errors(self) -> dict[int, int]:
        """How many by status, which is 0 without an answer."""
        return {status: count for status, count in self.statuses.items() if status not in SUCCESS}


def send_traffic(port: int, kinds: list[Kind], hour_seconds: float) -> None:
    """Take a whole day, of which an hour takes `hour_seconds`."""
    asyncio.run(_send_all(port, kinds, hour_seconds))


async def _send_all(port: int, kinds: list[Kind], hour_seconds: float) -> None:
    midnight = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for kind in kinds:
            due = (midnight + seconds for seconds in kind.due_times(hour_seconds))
            for _ in range(CONNECTIONS):
                group.create_task(_send_kind(port, kind, due))
        group.create_task(asyncio.sleep(24 * hour_seconds))


async def _send_kind(port: int, kind: Kind, due: Iterator[float]) -> None:
    streams, used = None, 0.0
    for moment in due:
        await asyncio.sleep(max(moment - time.perf_counter(), 0))
        if streams and time.perf_counter() - used > IDLE_SECONDS:
            streams[1].close()
            streams = None
        try:
            streams = streams or await asyncio.open_connection("127.0.0.1", port)
            status = await _exchange(*streams, next(kind.requests))
        except (OSError, asyncio.IncompleteReadError):
            status, streams = 0, None
        used = time.perf_counter()
        kind.times.append(used - moment)
        kind.statuses[status] += 1


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"content-length:" in head:
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    return int(head[9:12])
