"""A small real HTTP server that plays the other side and answers by a script."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[int, dict[str, Any]], tuple[int, dict[str, str]]]


ACCOUNT = {
    "data": [
        {
            "type": "account",
            "id": "XyZ123",
            "attributes": {"test_account": False, "contact_information": {"organization_name": "Bean & Co"}},
        }
    ]
}


class Receiver(ThreadingHTTPServer):
    """`bodies` holds the requests' bodies, in order; `script(number, body)` gives each answer's status and headers.

    A GET gets `account`, a status and a body, or what `others` has for its path; `keys` holds its credentials.
    """

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.bodies: list[dict[str, Any]] = []
        self.account: tuple[int, Any] = (200, ACCOUNT)
        self.others: dict[str, tuple[int, Any]] = {}
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def ids(self) -> list[str]:
        return [body["data"]["attributes"]["unique_id"] for body in self.bodies]


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        status, headers = self.server.script(len(self.server.bodies), body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        status, body = self.server.others.get(self.path.partition("?")[0], self.server.account)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running_receiver(script: Script = lambda number, body: (202, {})) -> Iterator[Receiver]:
    server = Receiver(script)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
