"""The published rate limits: fixed windows of a second and a minute per account and endpoint."""

import time
from dataclasses import dataclass

from common.db import fetch_rows
from integrations.sandbox.endpoints import Endpoint
from subscriptions.models import Merchant

# In the database, so that all web processes count together: a client that paces itself badly shall be noticed.
COUNT = """
    INSERT INTO integrations_sandboxquota AS quota (merchant_id, counter, second, minute, in_second, in_minute)
    VALUES (%s, %s, %s, %s, 1, 1)
    ON CONFLICT (merchant_id, counter) DO UPDATE SET
        in_second = CASE WHEN quota.second = excluded.second THEN quota.in_second + 1 ELSE 1 END,
        in_minute = CASE WHEN quota.minute = excluded.minute THEN quota.in_minute + 1 ELSE 1 END,
        second = excluded.second,
        minute = excluded.minute
    RETURNING in_second, in_minute
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """How many requests an endpoint has had, with the one just counted."""

    endpoint: Endpoint
    in_second: int
    in_minute: int
    minute_ends: int
    """Seconds until the count of the minute starts again."""

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait, where a limit is exceeded."""
        if self.endpoint.steady is not None and self.in_minute > self.endpoint.steady:
            return self.minute_ends
        return 1 if self.in_second > self.endpoint.burst else None


def count_request(merchant: Merchant, endpoint: Endpoint) -> Usage:
    now = int(time.time())
    [(in_second, in_minute)] = fetch_rows(COUNT, [merchant.pk, endpoint.counter, now, now // 60])
    return Usage(endpoint, in_second, in_minute, 60 - now % 60)
