"""A small real HTTP server that plays the merchant's platform."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PLACED = b"<order><code>SUCCESS</code><orderId>1224</orderId></order>"


@dataclass
class Post:
    headers: dict[str, str]
    body: bytes


@dataclass
class Platform:
    """`posts` holds the requests; `respond` answers each."""

    respond: Callable[["Handler"], None]
    url: str = ""
    posts: list[Post] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    platform: Platform

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.platform.posts.append(Post(dict(self.headers), body))
        try:
            self.platform.respond(self)
        except OSError:  # the portal closed the connection
            self.close_connection = True

    def answer(self, body: bytes = PLACED, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def running_platform(respond: Callable[[Handler], None] = Handler.answer) -> Iterator[Platform]:
    playing = Platform(respond)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"platform": playing}))
    server.daemon_threads = True
    playing.url = f"http://127.0.0.1:{server.server_port}/orders"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield playing
    finally:
        server.shutdown()
        server.server_close()
