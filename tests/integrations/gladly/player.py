"""Plays Gladly: signs as Gladly does, looks profiles up, opens forms and submits them.

Nothing here is taken from the code under test.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

KEY = "test-apikey-1"
NAMES = ("accept", "content-type", "gladly-correlation-id", "gladly-time")


class Answer(Protocol):
    """What Django's test client and httpx have in common."""

    status_code: int

    @property
    def headers(self) -> Any: ...

    def json(self) -> Any: ...


class Sender(Protocol):
    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


def signature(method: str, path: str, headers: Mapping[str, str], names: tuple[str, ...], body: bytes, key: str) -> str:
    lines = [f"{name}:{headers[name]}" for name in names]
    digest = hashlib.sha256(body).hexdigest()
    canonical = "\n".join([method, path, "", *lines, "", ";".join(names), digest])
    time = headers["gladly-time"]
    to_sign = f"hmac-sha256\n{time}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    day_key = hmac.digest(key.encode(), time[:8].encode(), "sha256")
    return hmac.new(day_key, to_sign.encode(), "sha256").hexdigest()


def sign(method: str, path: str, body: bytes, *, key: str = KEY, at: datetime | None = None, **more: str) -> Any:
    """The headers of a signed request; `more` are further ones, such as `x_b3_traceid`."""
    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "gladly-correlation-id": "vXmSEPjVSWCaCMzvjufxZg",
        "gladly-time": f"{at or datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    names = tuple(sorted(headers))
    made = signature(method, path, headers, names, body, key)
    algorithm = "SigningAlgorithm=hmac-sha256"
    return {**headers, "gladly-authorization": f"{algorithm}, SignedHeaders={';'.join(names)}, Signature={made}"}


@dataclass
class Gladly:
    """A Gladly whose app has the address `path`."""

    path: str
    send: Sender
    key: str = KEY
    timeline: list[tuple[str, str]] = field(default_factory=list)

    def request(self, method: str, path: str, content: Any = None, **options: Any) -> Answer:
        body = b"" if content is None else content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.send(method, path, sign(method, path, body, key=self.key, **options), body)

    def basic(self, **query: Any) -> list[dict[str, Any]]:
        return self.look_up("BASIC", query, unique=False)

    def detailed(self, external_id: str, **query: Any) -> list[dict[str, Any]]:
        return self.look_up("DETAILED", {"externalCustomerId": external_id, **query}, unique=True)

    def look_up(self, level: str, query: dict[str, Any], *, unique: bool) -> list[dict[str, Any]]:
        content = {"lookupLevel": level, "uniqueMatchRequired": unique, "query": query}
        answer = self.request("POST", self.path, content)
        assert answer.status_code == 200
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def card(self, external_id: str) -> dict[str, Any]:
        """The one subscription on the Subscriptions card."""
        ((transaction,),) = [result["transactions"] for result in self.detailed(external_id)]
        card: dict[str, Any] = transaction
        return card

    def press(self, card: dict[str, Any], name: str) -> Answer:
        """Press the button: the form comes."""
        (action,) = [action for action in card["actions"] if action["name"] == name]
        return self.request("GET", action["formUrl"])

    def submit(self, form: Answer, **inputs: str) -> Answer:
        """Submit a form with what the agent entered; what was done goes on the timeline."""
        answer = self.request("POST", form.json()["actionUrl"], inputs)
        if answer.status_code == 200:
            self.timeline.append((answer.json()["message"], answer.json()["detail"]))
        return answer
