"""A real HTTP server that plays Gladly and answers by a script."""

import json
from base64 import b64decode

from integrations.gladly.timeline.client import ITEMS_PATH, PROFILES_PATH
from tests.integrations.attentive.server import AttentiveServer, Reply

PROFILES, ITEMS = f"/api/v1{PROFILES_PATH}", f"/api/v1{ITEMS_PATH}"
KNOWN = Reply(200, json.dumps([{"id": "abc", "name": "Ana Ruiz"}]))
TAKEN = Reply(409, json.dumps({"errors": [{"attr": "id", "code": "taken", "detail": "id is taken"}]}))


class GladlyServer(AttentiveServer):
    """`asked` are the paths with their queries; without a script, every customer is known and every entry taken."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    @property
    def users(self) -> set[str]:
        """What the `Authorization` headers hold: user and token."""
        return {b64decode(key.removeprefix("Basic ")).decode() for key in self.keys}

    def next_reply(self, path: str) -> Reply:
        self.asked.append(path)
        bare = path.partition("?")[0]
        waiting = self.script.get(bare)
        return waiting.pop(0) if waiting else KNOWN if bare == PROFILES else Reply(200, "{}")
