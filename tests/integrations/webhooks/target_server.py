"""A real HTTP server that plays a target."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """`pause` are the seconds before each byte of the body."""

    status: int = 200
    body: bytes = b""
    location: str = ""
    pause: float = 0


class TargetServer(ThreadingHTTPServer):
    """`requests` are the headers and bodies that came; `answer(number)` gives the reply to each."""

    daemon_threads = True

    def __init__(self, answer: Callable[[int], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests: list[tuple[Message, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: TargetServer

    def do_POST(self) -> None:
        self.server.requests.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        reply = self.server.answer(len(self.server.requests))
        self.send_response(reply.status)
        if reply.location:
            self.send_header("Location", reply.location)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        with suppress(OSError):  # the portal has hung up
            for byte in reply.body if reply.pause else ():
                time.sleep(reply.pause)
                self.wfile.write(bytes([byte]))
            if not reply.pause:
                self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def running_target(answer: Callable[[int], Reply] = lambda number: Reply()) -> Iterator[TargetServer]:
    server = TargetServer(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
