"""The merchant's connections with their states and figures, as Home and the pages of delivery show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from integrations.connection_states import ConnectionState, describe_connections
from integrations.delivery_figures import (
    LATE_AFTER,
    MOST_COUNTED,
    Cause,
    Counts,
    Day,
    Waiting,
    read_causes,
    read_day,
    read_waiting,
)
from integrations.models import Connection, Delivery
from subscriptions.models import Merchant


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    connection: Connection
    state: ConnectionState
    waiting: Waiting
    day: Counts
    failures: int
    lag: timedelta

    @property
    def lag_text(self) -> str:
        return shown_age(self.lag)

    @property
    def is_late(self) -> bool:
        return self.state.name == "Healthy" and self.lag > LATE_AFTER

    @property
    def waiting_text(self) -> str:
        return shown_count(self.waiting.count)

    @property
    def failed_text(self) -> str:
        return shown_count(self.failures)

    @property
    def waiting_url(self) -> str:
        return deliveries_url(state=Delivery.State.PENDING, connection=self.connection.pk)

    @property
    def delivered_url(self) -> str:
        return deliveries_url(state=Delivery.State.DONE, connection=self.connection.pk, period=1)

    @property
    def failed_url(self) -> str:
        return deliveries_url(state="failed", connection=self.connection.pk)

    @property
    def oldest_url(self) -> str:
        found = self.waiting.oldest_id
        return reverse("admin:integrations_delivery_change", args=[found]) if found else ""


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """All that the pages of delivery show, read at one moment."""

    rows: list[ConnectionRow]
    day: Day
    causes: list[Cause]

    @property
    def lag(self) -> timedelta:
        """The longest among the connections that could send."""
        return max((row.lag for row in self.rows if row.state.name == "Healthy"), default=timedelta())


def read_figures(merchant: Merchant, connections: Sequence[Connection] | None = None) -> DeliveryFigures:
    """The figures of `connections`, by default all of the merchant that are not removed; in five queries."""
    if connections is None:
        connections = list(Connection.objects.filter(merchant=merchant, removed_at=None).order_by("name", "pk"))
    now = timezone.now()
    states, waiting = describe_connections(connections), read_waiting(merchant, now)
    day, causes = read_day(merchant, now), read_causes(merchant)
    rows = [
        ConnectionRow(
            connection=row,
            state=states[row.pk],
            waiting=waiting.get(row.pk, Waiting()),
            day=day.connections.get(row.pk, Counts()),
            failures=count_failures(causes, row),
            lag=waiting.get(row.pk, Waiting()).lag(now),
        )
        for row in connections
    ]
    return DeliveryFigures(rows, day, causes)


def count_failures(causes: Iterable[Cause], connection: Connection) -> int:
    return sum(cause.count for cause in causes if cause.connection == connection.pk)


def deliveries_url(**query: object) -> str:
    """The list of deliveries with these filters."""
    return f"{reverse('admin:integrations_delivery_changelist')}?{urlencode(query)}"


def shown_count(count: int) -> str:
    """`1,204`, or `10,000+` where counting ended."""
    return f"{count:,}" if count < MOST_COUNTED else f"{MOST_COUNTED:,}+"


def shown_age(age: timedelta) -> str:
    """`0 s`, `45 s`, `12 min`, `3 h 5 min`, `2 days`."""
    seconds = int(age.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"
