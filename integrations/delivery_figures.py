"""The figures of delivery: what waits now, what the last day brought, and why deliveries failed.

Home, the page of delivery health and `/readyz` show the same ones. Each is read in one query that looks at a bounded
number of rows, however many wait or have failed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Greatest, Least, TruncHour

from common.db import fetch_rows
from integrations import pace
from integrations.models import Connection, Delivery, DeliveryMinute, PaceWindow
from subscriptions.models import Merchant

LATE_AFTER = timedelta(seconds=60)
# So many are counted of what waits in a lane of a connection, and of what has failed at a merchant.
MOST_COUNTED = 10_000
HOURS = 24
RATE_MINUTES = 5
MOST_LATE = 100
SUMMED = ("delivered", "failed", "not_sent", "retried", "lag_total")

# What has to wait for an earlier delivery of its customer is counted, and is never the oldest.
WAITING = """
SELECT connection.id, count(*), count(*) FILTER (WHERE attempts_made > 0), min(waiting.created), min(due),
    (array_agg(waiting.id ORDER BY waiting.created, waiting.id))[1]
FROM integrations_connection connection, LATERAL (
    (SELECT id, created, due, attempts_made FROM integrations_delivery
     WHERE connection_id = connection.id AND state = 'pending' AND bulk = false ORDER BY due, id LIMIT %s)
    UNION ALL
    (SELECT id, created, due, attempts_made FROM integrations_delivery
     WHERE connection_id = connection.id AND state = 'pending' AND bulk = true ORDER BY due, id LIMIT %s)
) waiting
WHERE connection.merchant_id = %s
GROUP BY connection.id
"""
CAUSES = """
SELECT connection_id, state, cause, count(*), min(finished), max(finished), max(id) FROM (
    SELECT id, connection_id, state, cause, finished FROM integrations_delivery
    WHERE merchant_id = %s AND state IN ('dead', 'unknown') ORDER BY id DESC LIMIT %s
) newest
GROUP BY connection_id, state, cause ORDER BY count(*) DESC, max(id) DESC
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits at a connection. `since`: when the first of what may leave now was due; None where nothing may."""

    count: int = 0
    retrying: int = 0
    oldest: datetime | None = None
    oldest_id: int | None = None
    since: datetime | None = None

    def lag(self, now: datetime) -> timedelta:
        """How long something has been waiting that may leave."""
        return now - self.since if self.since else timedelta()


@dataclass(slots=True)
class Counts:
    """What was finished in a period. Lags are in seconds from event to answer."""

    delivered: int = 0
    failed: int = 0
    not_sent: int = 0
    retried: int = 0
    lag_total: float = 0
    lag_longest: float = 0
    recent: int = 0

    @property
    def lag_average(self) -> float:
        return self.lag_total / self.delivered if self.delivered else 0.0

    @property
    def per_minute(self) -> float:
        return self.recent / RATE_MINUTES

    def add(self, other: "Counts") -> None:
        for name in (*SUMMED, "recent"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.lag_longest = max(self.lag_longest, other.lag_longest)


@dataclass(frozen=True, slots=True)
class Cause:
    """Deliveries of a connection that failed for the same reason; `latest` is the key of the newest."""

    connection: int
    state: str
    text: str
    count: int
    first: datetime
    last: datetime
    latest: int


@dataclass(slots=True)
class Day:
    """The last 24 hours, by connection and by hour. The hours are UTC's, so that none is there twice."""

    first: datetime
    connections: dict[int, Counts] = field(default_factory=dict)
    hours: dict[datetime, Counts] = field(default_factory=dict)

    def sum(self) -> Counts:
        total = Counts()
        for counts in self.connections.values():
            total.add(counts)
        return total


def read_waiting(merchant: Merchant, now: datetime) -> dict[int, Waiting]:
    """What waits now, by connection; those where nothing waits are missing."""
    rows = fetch_rows(WAITING, [MOST_COUNTED, MOST_COUNTED, merchant.pk])
    return {
        key: Waiting(count, retrying, oldest, oldest_id, due if due <= now else None)
        for key, count, retrying, oldest, due, oldest_id in rows
    }


def read_day(merchant: Merchant, now: datetime) -> Day:
    found = Day(now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1))
    minute = now.replace(second=0, microsecond=0)
    is_recent = Q(minute__gte=minute - timedelta(minutes=RATE_MINUTES), minute__lt=minute)
    sums: dict[str, Any] = {f"sum_{name}": Sum(name) for name in SUMMED}
    rows = (
        DeliveryMinute.objects.filter(connection__merchant=merchant, minute__gte=found.first)
        .annotate(hour=TruncHour("minute", tzinfo=UTC))
        .values_list("connection", "hour")
        .annotate(**sums, longest=Max("lag_longest"), recent=Sum("delivered", filter=is_recent, default=0))
    )
    for connection, hour, *numbers in rows:
        counts = Counts(*numbers)
        found.connections.setdefault(connection, Counts()).add(counts)
        found.hours.setdefault(hour, Counts()).add(counts)
    return found


def read_causes(merchant: Merchant) -> list[Cause]:
    """Why deliveries failed, most frequent first, of the newest `MOST_COUNTED` failed ones."""
    return [Cause(*row) for row in fetch_rows(CAUSES, [merchant.pk, MOST_COUNTED])]


def late_connections(now: datetime) -> list[tuple[Connection, timedelta]]:
    """Of all merchants: connections that could send, and how long something that may leave has been waiting there.

    Only those above `LATE_AFTER`. One that its receiver asked to wait, or that is paused, is not late.
    """
    could_send = Connection.objects.filter(enabled=True, paused_reason="", removed_at=None, merchant__paused_at=None)
    since = Greatest(Least(_first_due(bulk=False), _first_due(bulk=True)), F("not_before"))
    late = could_send.annotate(since=since).filter(since__lt=now - LATE_AFTER).order_by("since")[:MOST_LATE]
    rows: list[Any] = list(late)
    closed = closed_accounts(rows, now)
    return [(row, now - row.since) for row in rows if pace.account_key(row) not in closed]


def closed_accounts(connections: Iterable[Connection], now: datetime) -> dict[str, datetime]:
    """Accounts that asked for a rest, with its end."""
    keys = [pace.account_key(connection) for connection in connections]
    rows = PaceWindow.objects.filter(account__in=keys, closed_until__gt=now).values_list("account")
    return dict(rows.annotate(until=Max("closed_until")))


def paused_connections() -> list[int]:
    """Keys of paused connections, of all merchants."""
    rows = Connection.objects.filter(enabled=True, removed_at=None).exclude(paused_reason="")
    return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_LATE])


def count_last_hour(now: datetime) -> dict[str, int]:
    """What was finished in the last hour, of all merchants."""
    sums = {name: Sum(name, default=0) for name in ("delivered", "failed", "retried")}
    return DeliveryMinute.objects.filter(minute__gte=now - timedelta(hours=1)).aggregate(**sums)


def _first_due(*, bulk: bool) -> Subquery:
    waiting = Delivery.objects.filter(connection=OuterRef("pk"), state=Delivery.State.PENDING, bulk=bulk)
    return Subquery(waiting.order_by("due").values("due")[:1])
