"""How many subscriptions are live, and how many customers have one. Test customers do not count.

A trigger leaves an `ActiveChange` wherever a subscription begins or ceases to be live: a row of its own, as a counter
that everybody updates would make customers wait for each other. Reading adds these changes to the folded counts, and
folding deletes them and adds them to the counts in one statement, so no moment misses one or counts one twice.

A customer became a subscriber if they have live subscriptions now and had none before their changes.
"""

from typing import NamedTuple

from common.db import execute, fetch_rows
from subscriptions.models import Merchant

# Of the customers with changes. Changes of one statement are added up, so their order does not matter.
CHANGED = """
SELECT merchant_id, sum(change) AS change,
    count(*) FILTER (WHERE live > 0 AND live = change) - count(*) FILTER (WHERE live = 0 AND change < 0) AS subscribers
FROM (
    SELECT merchant_id, customer, sum(change) AS change, (
        SELECT count(*) FROM subscriptions_subscription subscription
        JOIN subscriptions_customer ON subscriptions_customer.id = customer_id AND NOT is_test
        WHERE subscription.customer_id = changes.customer AND subscription.merchant_id = changes.merchant_id
            AND cancelled IS NULL
    ) AS live
    FROM {changes} changes GROUP BY merchant_id, customer
) customers
GROUP BY merchant_id
"""
READ = f"""
WITH changed AS ({CHANGED.format(changes="(SELECT * FROM subscriptions_activechange WHERE merchant_id = %s)")})
SELECT coalesce(sum(subscriptions), 0), coalesce(sum(subscribers), 0) FROM (
    SELECT subscriptions, subscribers FROM subscriptions_activecount WHERE merchant_id = %s
    UNION ALL SELECT change, subscribers FROM changed
) counts
"""
# All changes of a customer at once: how many they had before follows from what they have now.
FOLD = f"""
WITH gone AS (
    DELETE FROM subscriptions_activechange WHERE customer IN (
        SELECT customer FROM subscriptions_activechange GROUP BY customer ORDER BY customer LIMIT %s
    ) RETURNING merchant_id, customer, change
)
INSERT INTO subscriptions_activecount AS counts (merchant_id, subscriptions, subscribers)
{CHANGED.format(changes="gone")}
ON CONFLICT (merchant_id) DO UPDATE SET
    subscriptions = counts.subscriptions + EXCLUDED.subscriptions,
    subscribers = counts.subscribers + EXCLUDED.subscribers
"""
CUSTOMERS_AT_ONCE = 10_000


class Active(NamedTuple):
    subscriptions: int
    subscribers: int


def count_active(merchant: Merchant) -> Active:
    [(subscriptions, subscribers)] = fetch_rows(READ, [merchant.pk, merchant.pk])
    return Active(int(subscriptions), int(subscribers))


def fold_changes() -> None:
    """Each minute: add the changes to the counts."""
    while execute(FOLD, [CUSTOMERS_AT_ONCE]).rowcount:
        pass
