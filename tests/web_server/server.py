"""The web server as `make run` starts it, alone, and raw connections to it."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.test import override_settings

from config.supervision import services
from tests.portal import wait_until

DEADLINE = 2  # seconds
UNFINISHED = b"POST /one_click/delay/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{'token':"


@dataclass
class WebServer:
    port: int
    process: subprocess.Popen[bytes]

    def connect(self, request: bytes) -> socket.socket:
        """A connection on which `request` was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(request)
        return connection

    def exchange(self, request: bytes) -> bytes:
        """All that the server sends until it closes the connection."""
        with self.connect(request) as connection:
            return read_to_end(connection)


def get(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def status_and_body(response: bytes) -> tuple[int, bytes]:
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head[9:12]), body


def read_to_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running_web_server(home: Path) -> Iterator[WebServer]:
    """One process with one thread, and DEADLINE."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    ours = {
        "DATABASE_URL": settings.DATABASE_URL,
        "DJANGO_SETTINGS_MODULE": "tests.web_server.settings",
        "REPRISE_HOME": str(home),
        "STATIC_ROOT": str(home / "static"),
        "WEB_THREADS": "1",
        "REQUEST_SECONDS": str(DEADLINE),
    }
    with override_settings(WEB_WORKERS=1, REQUEST_SECONDS=DEADLINE):
        command = services.web_command("127.0.0.1", port)
    process = subprocess.Popen(command, env=os.environ | ours)
    server = WebServer(port, process)
    try:
        wait_until(lambda: responds(server))
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)


def responds(server: WebServer) -> bool:
    try:
        return server.exchange(get("/healthz")).endswith(b"ok\n")
    except OSError:
        return False
