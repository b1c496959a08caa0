"""A network between the portal and its database that hangs."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.portal import wait_until

if TYPE_CHECKING:
    from benchmarks.faults.scene import Scene


def silent_database(scene: Scene) -> str:
    """The network between the portal and PostgreSQL goes silent without closing a connection, for 20 s, and what was
    connected stays silent for ever: a minute later at the latest all works over new connections.
    """
    proxy = HushedProxy(Path(scene.portal.pid_file.read_text().splitlines()[4]) / ".s.PGSQL.5432")
    with scene.running(DATABASE_URL=f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres"):
        proxy.hush()
        time.sleep(20)
        proxy.let_new_ones_speak()
        begun = time.monotonic()
        wait_until(lambda: scene.portal.answers("/readyz", '"workers": {"status": "ok"'), seconds=120)
        back = time.monotonic() - begun
    return f"/readyz was content {back:.0f} s after the network; {scene.told_deliveries()}"


class HushedProxy:
    """Connects a port to PostgreSQL's socket. What was connected by the end of a silence never hears again."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.speaks = threading.Event()
        self.speaks.set()
        self.silences = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def hush(self) -> None:
        self.silences += 1
        self.speaks.clear()

    def let_new_ones_speak(self) -> None:
        self.speaks.set()

    def _accept(self) -> None:
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self._connect, args=[client], daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        born = self.silences if self.speaks.is_set() else -1
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self.target))
        for ends in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=[*ends, born], daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, born: int) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if born != self.silences:
                    continue  # swallowed
                sink.sendall(data)
            if born == self.silences:
                sink.shutdown(socket.SHUT_WR)
