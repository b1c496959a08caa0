"""A load generator lean enough to share two cores with what it measures."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`rate` in responses per second, `p99` in milliseconds."""

    rate: float
    p99: float
    statuses: Counter[int]


def json_request(path: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def run_load(
    port: int, requests: Iterator[bytes], *, connections: int, seconds: float, pace: float | None = None
) -> LoadResult:
    """Send `requests` for `seconds` over kept-alive connections, each of which waits for its response.

    `pace` is the number of requests per second in all; without it, each connection sends as fast as it can. With
    `pace`, a response's time counts from when its request was due, which includes the wait for a free connection.
    """
    return asyncio.run(_run_connections(port, requests, connections, seconds, pace))


async def _run_connections(
    port: int, requests: Iterator[bytes], connections: int, seconds: float, pace: float | None
) -> LoadResult:
    times: list[float] = []
    statuses: Counter[int] = Counter()
    begun = time.perf_counter()
    ends = begun + seconds
    due = (begun + number / pace for number in count()) if pace else iter(time.perf_counter, None)
    await asyncio.gather(*(_send_requests(port, requests, due, ends, times, statuses) for _ in range(connections)))
    took = time.perf_counter() - begun
    times.sort()
    return LoadResult(len(times) / took, times[int(len(times) * 0.99)] * 1000, statuses)


async def _send_requests(
    port: int, requests: Iterator[bytes], due: Iterator[float], ends: float, times: list[float], statuses: Counter[int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (begun := next(due)) < ends:
        if (early := begun - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - begun)
        statuses[int(head[9:12])] += 1
    writer.close()
