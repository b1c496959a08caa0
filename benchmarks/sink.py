"""A receiver that accepts every request after some milliseconds: `python -m benchmarks.sink PORT MILLISECONDS FILE`.

For each event that comes alone it appends a line to FILE: the event's ID, and the time in seconds since 1970.
"""

import asyncio
import re
import sys
import time
from typing import TextIO

UNIQUE_ID = re.compile(rb'"unique_id": ?"([0-9a-f]{32})"')
LENGTH = re.compile(rb"(?i)content-length: (\d+)")
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


async def main(port: int, milliseconds: int, file: TextIO) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                if b"/api/events " in head and (found := UNIQUE_ID.search(body)):
                    file.write(f"{found[1].decode()} {time.time()}\n")
                    file.flush()
                if milliseconds:
                    await asyncio.sleep(milliseconds / 1000)
                writer.write(ACCEPTED)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=2**24)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with open(sys.argv[3], "a", encoding="utf-8") as arrivals:
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), arrivals))
