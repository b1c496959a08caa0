"""The bodies of webhooks, as objects."""

import json
from collections.abc import Sequence
from typing import Any

from integrations.webhooks.bodies import build_bodies
from subscriptions.models import Event


def bodies_of(events: Sequence[Event], *parts: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in build_bodies([(event, parts) for event in events])]
