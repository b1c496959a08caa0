"""Django's sessions in the database, with a row that says whose each is, from where, and since when.

What a row says is kept in the session's data, because Django writes the whole row from it.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from common.web.client_address import client_address
from subscriptions.models import StaffSession

CLIENT = "client"
SEEN_EVERY = timedelta(minutes=5)
# A login ends when nobody used it for this long, and in any case so long after it began.
IDLE, LONGEST = timedelta(days=7), timedelta(days=30)
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        return StaffSession

    def create_model_instance(self, data: dict[str, Any]) -> StaffSession:
        row = cast(StaffSession, super().create_model_instance(data))
        row.user_id = data.get(SESSION_KEY)
        if client := data.get(CLIENT):
            row.public_id, row.browser, row.address = uuid.UUID(client["id"]), client["browser"], client["address"]
            row.began, row.seen = (datetime.fromisoformat(client[name]) for name in ("began", "seen"))
        return row


def begin_session(request: HttpRequest) -> None:
    """Note where a login came from."""
    began = timezone.now()
    now = began.isoformat()
    request.session.set_expiry(began + IDLE)
    request.session[CLIENT] = {
        "id": uuid.uuid4().hex,
        "browser": describe_browser(request.headers.get("user-agent", "")),
        "address": client_address(request) or None,
        "began": now,
        "seen": now,
    }


def note_use(request: HttpRequest) -> None:
    """Note that the session is in use, every five minutes."""
    client, now = request.session.get(CLIENT), timezone.now()
    if client and now - datetime.fromisoformat(client["seen"]) >= SEEN_EVERY:
        request.session.set_expiry(min(now + IDLE, datetime.fromisoformat(client["began"]) + LONGEST))
        request.session[CLIENT] = {**client, "address": client_address(request) or None, "seen": now.isoformat()}


def live_sessions(user: Any) -> QuerySet[StaffSession]:
    """Those in which somebody is logged in as `user`, the one used last first."""
    return StaffSession.objects.filter(user=user.pk, expire_date__gt=timezone.now()).order_by("-seen", "session_key")


def end_sessions(user: Any, *, keep: str | None = None) -> int:
    """End all sessions of `user` but the one with the key `keep`; how many there were."""
    count, _ = StaffSession.objects.filter(user=user.pk).exclude(session_key=keep or "").delete()
    return count


def describe_browser(agent: str) -> str:
    """Such as `Firefox on Windows`."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return " on ".join(part for part in (browser, system) if part) or "Unknown browser"
