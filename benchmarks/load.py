"""A load generator lean enough to share two cores with what it measures."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """`rate` in answers per second; `p99` in milliseconds."""

    rate: float
    p99: float
    statuses: Counter[int]


def post_json(path: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def run(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Result:
    """Send `requests` over kept-alive connections, each waiting for its answer, for so many seconds."""
    return asyncio.run(_run(port, requests, connections, seconds))


async def _run(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Result:
    times: list[float] = []
    statuses: Counter[int] = Counter()
    begun = time.perf_counter()
    ends = begun + seconds
    await asyncio.gather(*(_connection(port, requests, ends, times, statuses) for _ in range(connections)))
    took = time.perf_counter() - begun
    times.sort()
    return Result(len(times) / took, times[int(len(times) * 0.99)] * 1000, statuses)


async def _connection(
    port: int, requests: Iterator[bytes], ends: float, times: list[float], statuses: Counter[int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (begun := time.perf_counter()) < ends:
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - begun)
        statuses[int(head[9:12])] += 1
    writer.close()
