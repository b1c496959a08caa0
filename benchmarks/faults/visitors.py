"""Customers who click, and a client that reads the API, while something fails."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

PAUSE = 0.3  # seconds between two requests of one visitor, and before a request is repeated
PATIENCE = 60.0  # seconds until a visitor takes a request for lost


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 without an answer; `at` is on the monotonic clock, in seconds as is `took`."""

    kind: str
    status: int
    at: float
    took: float


@dataclass
class Visitors:
    """Each of `people` clicks one link after the other, and repeats a click until it succeeds, as the script does."""

    port: int
    click_path: str
    tokens: Iterator[str]
    api_path: str
    api_key: str
    people: int = 4
    answers: list[Answer] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    clicked: int = 0

    def start(self) -> None:
        works = [self._click] * self.people + [self._read]
        self.threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Once the clicks on their way have succeeded."""
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=300)
        assert not any(thread.is_alive() for thread in self.threads), "a click never succeeded"

    def statuses(self, kind: str) -> Counter[int]:
        return Counter(answer.status for answer in self.answers if answer.kind == kind)

    def longest_gap(self) -> float:
        """The longest time between two clicks that succeeded, in seconds."""
        times = sorted(answer.at for answer in self.answers if answer.kind == "click" and answer.status == 200)
        return max((later - sooner for sooner, later in zip(times, times[1:], strict=False)), default=0.0)

    def slowest(self) -> float:
        return max((answer.took for answer in self.answers), default=0.0)

    def _click(self) -> None:
        while not self.over.wait(PAUSE):
            body = json.dumps({"token": next(self.tokens), "attempt": uuid4().hex})
            while self._send("click", "POST", self.click_path, {"Content-Type": "application/json"}, body) != 200:
                time.sleep(PAUSE)
            self.clicked += 1  # by threads that hold the interpreter's lock meanwhile

    def _read(self) -> None:
        while not self.over.wait(PAUSE):
            self._send("API", "GET", self.api_path, {"x-api-key": self.api_key})

    def _send(self, kind: str, method: str, path: str, headers: dict[str, str], body: str | None = None) -> int:
        begun, status = time.monotonic(), 0
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            client.request(method, path, body, headers)
            response = client.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            client.close()
        now = time.monotonic()
        self.answers.append(Answer(kind, status, now, now - begun))
        return status
