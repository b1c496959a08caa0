"""Responses whose content is made while it is sent, such as a long list as CSV.

A thread makes the content as fast as it can, into a temporary file, and is then free again with its connection to the
database. The event loop sends what there is as fast as the client takes it. Whatever the server is given in parts it
keeps in memory until the client has read it, but of a file it reads only as much as it can send. So it is given a
named pipe as a file.
"""

import asyncio
import errno
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple

from django.conf import settings
from django.db import connections
from django.http import StreamingHttpResponse
from granian.rsgi import HTTPProtocol, Scope

from config.spoilt_answers import cut_connection

logger = logging.getLogger(__name__)
PART = 64 * 1024  # bytes, as many as a pipe holds
OPENING_SECONDS = 5
OPENING_PAUSE = 0.005  # seconds


class Stream(NamedTuple):
    """A response whose content is made while it is sent."""

    status: int
    headers: list[tuple[str, str]]
    content: StreamingHttpResponse


class Download:
    """A stream on its way: one thread calls `make`, while the event loop runs `send`."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.file = TemporaryFile()  # noqa: SIM115  closed once neither needs it
        self.made = 0  # bytes in the file
        self.grown = asyncio.Event()
        self.is_wanted = True
        self.is_whole: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def make(self) -> None:
        loop, is_whole = self.is_whole.get_loop(), False
        try:
            for part in self.stream.content:
                if not self.is_wanted:
                    return
                self.file.write(part)
                self.file.flush()
                loop.call_soon_threadsafe(self._grow, len(part))
            is_whole = True
        finally:
            loop.call_soon_threadsafe(self._end, is_whole)
            self.stream.content.close()
            connections.close_all()  # of this thread; the next stream may come much later

    def _grow(self, size: int) -> None:
        self.made += size
        self.grown.set()

    def _end(self, is_whole: bool) -> None:
        self.is_whole.set_result(is_whole)
        self.grown.set()

    async def send(self, scope: Scope, protocol: HTTPProtocol) -> None:
        try:
            if scope.method == "HEAD":
                return protocol.response_empty(self.stream.status, self.stream.headers)
            async with open_response(protocol, self.stream.status, self.stream.headers) as pipe:
                if not await self._send_parts(pipe):
                    logger.info("cut short: %s %s", scope.method, scope.path)
                    # Before the pipe is closed, or the file would end as if it were whole.
                    cut_connection(scope.client)
        finally:
            self.is_wanted = False
            await self.is_whole
            self.file.close()

    async def _send_parts(self, pipe: int) -> bool:
        """Whether the client has got everything."""
        sent = 0
        while True:
            self.grown.clear()
            while sent < self.made:
                taken = await write_part(pipe, os.pread(self.file.fileno(), PART, sent))
                if not taken:
                    return False
                sent += taken
            if self.is_whole.done():
                return self.is_whole.result()
            await self.grown.wait()


@asynccontextmanager
async def open_response(protocol: HTTPProtocol, status: int, headers: list[tuple[str, str]]) -> AsyncIterator[int]:
    """A pipe to write the content into. Raises TimeoutError if the client has left."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "content")
        os.mkfifo(path)
        protocol.response_file(status, headers, str(path))
        async with asyncio.timeout(OPENING_SECONDS):
            while (pipe := open_pipe(path)) is None:
                await asyncio.sleep(OPENING_PAUSE)
    try:
        yield pipe
    finally:
        os.close(pipe)


def open_pipe(path: Path) -> int | None:
    """None if the server has not opened its end yet."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


async def write_part(pipe: int, part: bytes) -> int:
    """How many bytes the client took; 0 if it has left, or took none for DOWNLOAD_PAUSE_SECONDS."""
    try:
        async with asyncio.timeout(settings.DOWNLOAD_PAUSE_SECONDS):
            while True:
                try:
                    return os.write(pipe, part)
                except BlockingIOError:
                    await wait_until_writable(pipe)
    except (BrokenPipeError, TimeoutError):
        return 0


async def wait_until_writable(pipe: int) -> None:
    loop, writable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(pipe, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(pipe)
