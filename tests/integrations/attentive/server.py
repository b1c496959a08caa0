"""A real HTTP server that plays Attentive and answers by a script."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, TypeVar

EVENTS, ATTRIBUTES = "/events/custom", "/attributes/custom"
ME = {
    "applicationName": "Reprise",
    "attentiveDomainName": "beans.attn.tv",
    "companyName": "Bean & Co",
    "contactEmail": "ana@beans.test",
    "companyId": "MDc6Q29tcGFueTI",
}


class Reply(NamedTuple):
    status: int = 200
    body: str = ""
    headers: dict[str, str] = {}


NO_REPLY = Reply(0)
"""The connection ends without an answer."""


class AttentiveServer(ThreadingHTTPServer):
    """`script` has the next replies by path; without one, a request is accepted. `received` are paths with bodies."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: dict[str, list[Reply]] = {}
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.received]

    def next_reply(self, path: str) -> Reply:
        waiting = self.script.get(path)
        return waiting.pop(0) if waiting else Reply(200, json.dumps(ME) if path == "/me" else "")


class Handler(BaseHTTPRequestHandler):
    server: AttentiveServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, body))
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        reply = self.server.next_reply(self.path)
        if reply is NO_REPLY:
            self.close_connection = True
            return
        content = reply.body.encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


Server = TypeVar("Server", bound=AttentiveServer)


@contextmanager
def running_attentive(kind: type[Server] = AttentiveServer) -> Iterator[Server]:
    server = kind()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
