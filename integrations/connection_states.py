"""What a connection is doing, in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from integrations import pace
from integrations.delivery_figures import closed_accounts
from integrations.models import Connection

LABELS = {"Healthy": "success", "Waiting": "warning", "Paused": "danger", "Off": "default"}
TROUBLES = ("Paused", "Waiting")


@dataclass(frozen=True, slots=True)
class ConnectionState:
    name: str
    sentence: str

    @property
    def label(self) -> str:
        return LABELS[self.name]


def describe_connections(connections: Iterable[Connection]) -> dict[int, ConnectionState]:
    """The state of each, by key, in one query; times are in the current zone."""
    rows, now = list(connections), timezone.now()
    closed = closed_accounts(rows, now)
    return {row.pk: _describe(row, closed.get(pace.account_key(row)), now) for row in rows}


def describe_connection(connection: Connection) -> ConnectionState:
    return describe_connections([connection])[connection.pk]


def clock_time(at: datetime, now: datetime) -> str:
    """`2:05 PM`, with the day if that is another one."""
    local = timezone.localtime(at)
    same_day = local.date() == timezone.localtime(now).date()
    return date_format(local, "g:i A" if same_day else "N j, g:i A")


def _describe(row: Connection, closed_until: datetime | None, now: datetime) -> ConnectionState:
    if not row.enabled and row.integration == Connection.Integration.GLADLY:
        return ConnectionState("Off", "The timeline is off; agents see subscriptions in Gladly all the same.")
    if not row.enabled:
        return ConnectionState("Off", "Switched off: new events are not sent here.")
    if row.paused_reason:
        return ConnectionState("Paused", f"Paused because: {row.paused_reason}")
    until = max((at for at in (row.not_before, closed_until) if at and at > now), default=None)
    if until:
        reason = row.last_error or "The other side asked to slow down."
        return ConnectionState("Waiting", f"Waiting until {clock_time(until, now)}. {reason}")
    if row.last_success_at is None:
        return ConnectionState("Healthy", "Nothing was sent yet.")
    return ConnectionState("Healthy", f"Last delivered at {clock_time(row.last_success_at, now)}.")
