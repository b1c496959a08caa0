"""Lengths of time as staff type and read them; the rows have seconds."""

from subscriptions.actions.entitlement import LONGEST_GRANT
from subscriptions.models import ResourceGrant

DAY = 24 * 60 * 60
LONGEST_DAYS = LONGEST_GRANT // DAY


def in_seconds(days: int) -> int:
    return days * DAY


def describe_duration(seconds: int) -> str:
    """`30 days`, `12 hours`, `1 day 6 hours`; below an hour, `under an hour`."""
    days, rest = divmod(seconds, DAY)
    hours = rest // 3600
    parts = [
        f"{count:,} {unit}{'' if count == 1 else 's'}" for count, unit in ((days, "day"), (hours, "hour")) if count
    ]
    return " ".join(parts) or "under an hour"


def describe_grant(grant: ResourceGrant) -> str:
    """`30 days with each order, 3 days of grace`."""
    grace = f", {describe_duration(grant.grace_period)} of grace" if grant.grace_period else ""
    return f"{describe_duration(grant.time_amount)} with each order{grace}"
