"""How many requests may leave now: the windows of an account's endpoints, shared by all workers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from common.db import skip_flush
from integrations.base import Road
from integrations.models import Connection, PaceWindow

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """`count` requests may leave now. If that is fewer than wanted, more may leave after `until`."""

    count: int
    until: datetime | None = None


def account_key(connection: Connection) -> str:
    """What the other side counts by: the account, whichever connections and keys lead to it."""
    return f"{connection.integration}:{connection.account or f'connection {connection.pk}'}"


def reserve_requests(account: str, road: Road, wanted: int) -> Grant:
    """Count up to `wanted` requests in the windows of `road`."""
    with transaction.atomic():
        skip_flush()
        window, _ = PaceWindow.objects.select_for_update().get_or_create(account=account, road=road.name)
        now = timezone.now()
        if window.closed_until and window.closed_until > now:
            return Grant(0, window.closed_until)
        if now >= window.second + SECOND:
            window.second, window.second_sent = now, 0
        if now >= window.minute + MINUTE:
            window.minute, window.minute_sent = now, 0
        in_second = road.per_second - window.second_sent
        in_minute = wanted if road.per_minute is None else road.per_minute - window.minute_sent
        count = max(0, min(wanted, in_second, in_minute))
        window.second_sent += count
        window.minute_sent += count
        window.closed_until = None
        window.save()
    if count == wanted:
        return Grant(count)
    return Grant(count, window.minute + MINUTE if in_minute <= in_second else window.second + SECOND)


def close_roads(account: str, roads: Iterable[Road], until: datetime) -> None:
    """Let nothing leave on `roads` before `until`."""
    PaceWindow.objects.filter(account=account, road__in=[road.name for road in roads]).update(closed_until=until)


def open_roads(account: str) -> None:
    """End the rests that the other side asked for."""
    PaceWindow.objects.filter(account=account).update(closed_until=None)
