"""What waits at a connection, and what of it may leave now."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from common.db import AnyOf, Query, execute, fetch_rows, plain_array, skip_flush
from integrations.base import Integration
from integrations.models import Connection, Delivery
from integrations.registry import INTEGRATIONS

DRAIN = "integrations.outbox.drain_connection"

# Reading is a write: what is found behind an earlier delivery of its customer is put aside, or the same rows would be
# read again and again.
FIRST_OF_CUSTOMERS = """
WITH ready AS MATERIALIZED (
    SELECT id, customer_id FROM integrations_delivery
    WHERE connection_id = %s AND state = 'pending' AND bulk = %s AND due <= %s AND NOT id = ANY(%s::bigint[])
    ORDER BY due, id LIMIT %s
), found AS MATERIALIZED (
    SELECT ready.id, first.id AS first_id, first.due FROM ready, LATERAL (
        SELECT id, due FROM integrations_delivery
        WHERE connection_id = %s AND customer_id = ready.customer_id AND state = 'pending' ORDER BY id LIMIT 1
    ) first
), behind AS (
    UPDATE integrations_delivery delivery SET due = %s FROM found
    WHERE delivery.id = found.id AND found.first_id <> found.id
)
SELECT DISTINCT first_id FROM found WHERE due <= %s AND NOT first_id = ANY(%s::bigint[])
"""
ANY_ORDER = """
SELECT id FROM integrations_delivery
WHERE connection_id = %s AND state = 'pending' AND bulk = %s AND due <= %s AND NOT id = ANY(%s::bigint[])
ORDER BY due, id LIMIT %s
"""
NEXT_OF_CUSTOMERS = """
UPDATE integrations_delivery SET due = %s WHERE due = %s AND id IN (
    SELECT (SELECT id FROM integrations_delivery
            WHERE connection_id = %s AND customer_id = customer AND state = 'pending' ORDER BY id LIMIT 1)
    FROM unnest(%s::bigint[]) customer
)
"""
LEFT_BEHIND = """
UPDATE integrations_delivery delivery SET due = %s
WHERE connection_id = %s AND state = 'pending' AND bulk IN (true, false) AND due = %s AND NOT EXISTS (
    SELECT FROM integrations_delivery earlier
    WHERE earlier.connection_id = %s AND earlier.customer_id = delivery.customer_id
      AND earlier.state = 'pending' AND earlier.id < delivery.id
)
"""
# The attempts whose worker ended, or lost its lease, before it noted an answer. The detail marks them as counted.
COUNT_DEATHS = """
WITH lost AS (
    UPDATE integrations_attempt attempt SET detail = %s FROM integrations_delivery delivery
    WHERE delivery.connection_id = %s AND delivery.state = 'pending' AND delivery.bulk IN (true, false)
      AND attempt.delivery_id = delivery.id AND attempt.milliseconds IS NULL AND attempt.detail = ''
    RETURNING attempt.delivery_id, attempt.at
), counted AS (
    SELECT delivery_id AS id, count(*) AS deaths, min(at) AS first FROM lost GROUP BY delivery_id
)
UPDATE integrations_delivery delivery SET attempts_made = attempts_made + deaths, interrupted = interrupted + deaths,
    first_attempt_at = coalesce(first_attempt_at, first)
FROM counted WHERE delivery.id = counted.id
"""
LOST = "The worker ended before it noted an answer."

LOADED = Query(lambda: Delivery.objects.filter(pk=AnyOf("keys")).select_related("event").order_by("id"))


def sendable_connections() -> QuerySet[Connection]:
    """Connections of known integrations that are neither switched off nor paused nor at rest; of shops that are not
    paused.
    """
    is_rested = Q(not_before=None) | Q(not_before__lte=timezone.now())
    is_usable = {"enabled": True, "removed_at": None, "paused_reason": "", "merchant__paused_at": None}
    return Connection.objects.filter(is_rested, integration__in=INTEGRATIONS, **is_usable)


def read_deliveries(
    connection: Connection, integration: Integration, *, bulk: bool, limit: int, held: Collection[int]
) -> list[Delivery]:
    """Up to `limit` deliveries that may leave now, oldest first, without those in `held`. Raises `LeaseLost`.

    Where the integration keeps the order, there is one for each customer, and none for a customer with one in `held`
    or with one that waits for another try. The deliveries of a customer with something live to send come from both
    lanes.
    """
    now, taken = timezone.now(), plain_array(held)
    selection = [connection.pk, bulk, now, taken, limit]
    with transaction.atomic():
        skip_flush()
        connection.renew()  # a worker that lost its lease must put nothing aside
        if integration.keeps_order:
            rows = fetch_rows(FIRST_OF_CUSTOMERS, [*selection, connection.pk, Delivery.BEHIND, now, taken])
        else:
            rows = fetch_rows(ANY_ORDER, selection)
    deliveries = LOADED.all(keys=plain_array(key for (key,) in rows)) if rows else []
    for delivery in deliveries:
        delivery.connection = connection
        delivery.event.merchant = connection.merchant
    return deliveries


def advance_customers(connection: Connection, customers: Collection[int]) -> None:
    """Let the next delivery of each of these customers leave, after one of them has finished."""
    execute(NEXT_OF_CUSTOMERS, [timezone.now(), Delivery.BEHIND, connection.pk, plain_array(customers)])


def recover_order(connection: Connection) -> None:
    """Let deliveries leave that were put aside, and whose earlier ones were finished outside of a courier."""
    execute(LEFT_BEHIND, [timezone.now(), connection.pk, Delivery.BEHIND, connection.pk])


def count_deaths(connection: Connection) -> None:
    """Count the attempts that the last worker of the connection left without an answer. Raises `LeaseLost`."""
    with transaction.atomic():
        connection.renew()
        execute(COUNT_DEATHS, [LOST, connection.pk])


def next_due(connection: Connection, *, bulk: bool) -> datetime | None:
    """When the earliest delivery of a lane may leave; what waits for another delivery does not count."""
    waiting = Delivery.objects.filter(connection=connection, state=Delivery.State.PENDING, bulk=bulk)
    due: datetime | None = waiting.filter(due__lt=Delivery.BEHIND).aggregate(due=Min("due"))["due"]
    return due
