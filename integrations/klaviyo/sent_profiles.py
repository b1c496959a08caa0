"""What Klaviyo was last told of each customer: the e-mail address, the status and the profile's ID.

Writers of these rows hold the connection's row locked: two of them could otherwise lock profiles in different orders.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from common.db import AnyOf, Param, Query, execute, plain_array, text_array
from integrations.klaviyo.bodies import parse_profile_email
from integrations.models import Connection, Delivery, SentProfile

UNSURE = "unsure"
"""The status of a profile that was told two at about the same time, and may have either."""

NOTE = """
INSERT INTO integrations_sentprofile AS known
    (connection_id, customer_id, email, phone_number, remote_id, status, sent_at, last_event)
SELECT %s, sent.customer, sent.email, sent.phone, sent.remote_id, sent.status,
    CASE WHEN sent.status <> '' THEN %s::timestamptz END, sent.event
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    AS sent (customer, email, phone, remote_id, status, event)
ON CONFLICT (connection_id, customer_id) DO UPDATE SET
    -- An old event that is sent again has the recipient of its time.
    email = CASE WHEN excluded.last_event >= known.last_event THEN excluded.email ELSE known.email END,
    phone_number = CASE WHEN excluded.last_event >= known.last_event THEN excluded.phone_number
        ELSE known.phone_number END,
    remote_id = coalesce(nullif(excluded.remote_id, ''), known.remote_id),
    status = coalesce(nullif(excluded.status, ''), known.status),
    sent_at = coalesce(excluded.sent_at, known.sent_at),
    last_event = greatest(excluded.last_event, known.last_event)
"""
KNOWN = Query(
    lambda: SentProfile.objects.filter(connection=Param("connection"), customer=AnyOf("customers")).only(
        "customer_id", "email", "remote_id", "last_event", "erased_at"
    )
)


@dataclass(slots=True)
class Told:
    """What one customer's profile was told; empty where it was told nothing of the kind."""

    email: str = ""
    phone: str = ""
    status: str = ""
    remote_id: str = ""
    event: int = 0

    @classmethod
    def by(cls, identifier: str, **facts: Any) -> "Told":
        """`identifier` is an e-mail address or a phone number."""
        told = cls(**facts)
        setattr(told, "email" if "@" in identifier else "phone", identifier)
        return told


@dataclass(slots=True)
class Known:
    """What earlier requests mean for deliveries, by the deliveries' keys.

    `erased`: nothing may be sent. `moved`: the profile has another e-mail address; the one it has, and its ID or "".
    """

    erased: set[int] = field(default_factory=set)
    moved: dict[int, tuple[str, str]] = field(default_factory=dict)


def note_sent(connection: Connection, sent: Iterable[tuple[Delivery, str | None, str | None, str | None, str]]) -> None:
    """Note accepted deliveries, in their order: each with e-mail, phone, status and the profile's ID, or "".

    One statement. It belongs in the transaction that notes the deliveries.
    """
    told: dict[int, Told] = {}
    for delivery, email, phone, status, remote_id in sent:
        one = told.setdefault(delivery.customer_id, Told())
        if delivery.event_id >= one.event:
            one.email, one.phone, one.event = email or "", phone or "", delivery.event_id
        one.status, one.remote_id = status or one.status, remote_id or one.remote_id
    note_told(connection, told, timezone.now())


def note_told(connection: Connection, told: dict[int, Told], at: datetime) -> None:
    """Note what the profiles of these customers were told at `at`, by the customers' keys. One statement."""
    if not told:
        return
    keys = sorted(told)
    rows = [told[key] for key in keys]
    texts = (text_array(getattr(row, name) for row in rows) for name in ("email", "phone", "remote_id", "status"))
    execute(NOTE, [connection.pk, at, plain_array(keys), *texts, plain_array(row.event for row in rows)])


def read_known(connection: Connection, deliveries: Sequence[Delivery]) -> Known:
    """What is known of the customers of `deliveries`, which come in the order of their events. One query."""
    found = Known()
    customers = plain_array({delivery.customer_id for delivery in deliveries})
    rows = {row.customer_id: row for row in KNOWN.all(connection=connection.pk, customers=customers)}
    for delivery in deliveries:
        row = rows.get(delivery.customer_id)
        if row is None:
            continue
        if row.erased_at:
            found.erased.add(delivery.pk)
            continue
        email = parse_profile_email(delivery.event.recipient.get("email"))
        if email and row.email not in ("", email) and delivery.event_id > row.last_event:
            found.moved[delivery.pk] = (row.email, row.remote_id)
            row.email = email  # the profile has the new address for the customer's next events
    return found


def forget_status(connection: Connection, customers: Collection[int]) -> None:
    """Note that these profiles did not get the status they were sent."""
    SentProfile.objects.filter(connection=connection, customer__in=customers).update(status="", sent_at=None)
