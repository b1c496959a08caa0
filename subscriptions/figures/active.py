"""How many subscriptions are live, and how many began and ended in which months. Test customers do not count.

A trigger leaves `ActiveChange`s wherever a subscription begins, ends, returns or changes its product: rows of their
own, as a counter that everybody updates would make customers wait for each other. Reading adds these changes to the
folded counts, and folding deletes them and adds them to the counts in one statement, so no moment misses one or counts
one twice.

A customer became a subscriber if they have live subscriptions now and had none before their changes.
"""

from typing import NamedTuple

from django.db import transaction

from common.db import execute, fetch_rows
from subscriptions.models import Merchant

# Of the customers with changes. Changes of one statement are added up, so their order does not matter.
CHANGED = """
SELECT merchant_id, sum(change) AS change,
    count(*) FILTER (WHERE live > 0 AND live = change) - count(*) FILTER (WHERE live = 0 AND change < 0) AS subscribers
FROM (
    SELECT merchant_id, customer, coalesce(sum(change) FILTER (WHERE ended IS NULL), 0) AS change, (
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
MONTHS = """
date_trunc('month', started AT TIME ZONE {zone})::date AS started,
date_trunc('month', ended AT TIME ZONE {zone})::date AS ended
"""
# All changes of a customer at once: how many they had before follows from what they have now.
FOLD = f"""
WITH gone AS (
    DELETE FROM subscriptions_activechange WHERE customer IN (
        SELECT customer FROM subscriptions_activechange GROUP BY customer ORDER BY customer LIMIT %s
    ) RETURNING merchant_id, customer, product, started, ended, change
), zones AS (
    SELECT id, coalesce(subscriptions_activecount.time_zone, merchant.time_zone) AS zone
    FROM subscriptions_merchant merchant LEFT JOIN subscriptions_activecount ON merchant_id = id
), cohorts AS (
    INSERT INTO subscriptions_cohortcount AS counts (merchant_id, product_id, started, ended, n)
    SELECT merchant_id, product, started, ended, sum(change) FROM (
        SELECT merchant_id, product, {MONTHS.format(zone="zone")}, change FROM gone JOIN zones ON id = merchant_id
    ) changes
    GROUP BY merchant_id, product, started, ended HAVING sum(change) <> 0
    ON CONFLICT (merchant_id, product_id, started, (coalesce(ended, '9999-12-31'::date)))
    DO UPDATE SET n = counts.n + EXCLUDED.n
)
INSERT INTO subscriptions_activecount AS counts (merchant_id, subscriptions, subscribers, time_zone)
SELECT merchant_id, change, subscribers, zone FROM ({CHANGED.format(changes="gone")}) changed
JOIN zones ON id = merchant_id
ON CONFLICT (merchant_id) DO UPDATE SET
    subscriptions = counts.subscriptions + EXCLUDED.subscriptions,
    subscribers = counts.subscribers + EXCLUDED.subscribers
"""
# The subscriptions as changes from nothing.
LIVES = """
SELECT product_id AS product, subscription.created AS started, cancelled AS ended
FROM subscriptions_subscription subscription JOIN subscriptions_customer ON subscriptions_customer.id = customer_id
WHERE subscription.merchant_id = %s AND NOT is_test
"""
# In one statement, so that it deletes just the changes that it sees the result of.
COUNT_ANEW = f"""
WITH gone AS (DELETE FROM subscriptions_activechange WHERE merchant_id = %s), cohorts AS (
    INSERT INTO subscriptions_cohortcount (merchant_id, product_id, started, ended, n)
    SELECT %s, product, started, ended, count(*) FROM (
        SELECT product, {MONTHS.format(zone="%s")} FROM ({LIVES}) lives
    ) months GROUP BY product, started, ended
)
UPDATE subscriptions_activecount SET time_zone = %s, (subscriptions, subscribers) = (
    SELECT count(*), count(DISTINCT customer_id) FROM subscriptions_subscription subscription
    JOIN subscriptions_customer ON subscriptions_customer.id = customer_id
    WHERE subscription.merchant_id = %s AND cancelled IS NULL AND NOT is_test
) WHERE merchant_id = %s
"""
OF_OTHER_ZONES = """
SELECT id, merchant.time_zone FROM subscriptions_merchant merchant
JOIN subscriptions_activecount counts ON merchant_id = id AND counts.time_zone <> merchant.time_zone
"""
CUSTOMERS_AT_ONCE = 10_000
FOLD_LOCK = 7_201


class Active(NamedTuple):
    subscriptions: int
    subscribers: int


def count_active(merchant: Merchant) -> Active:
    [(subscriptions, subscribers)] = fetch_rows(READ, [merchant.pk, merchant.pk])
    return Active(int(subscriptions), int(subscribers))


def fold_changes() -> None:
    """Each minute: add the changes to the counts, and count anew where the merchant's zone has changed."""
    for merchant, zone in fetch_rows(OF_OTHER_ZONES, []):
        with transaction.atomic():
            _lock_folds()
            execute("DELETE FROM subscriptions_cohortcount WHERE merchant_id = %s", [merchant])
            execute(COUNT_ANEW, [merchant, merchant, zone, zone, merchant, zone, merchant, merchant])
    folded = CUSTOMERS_AT_ONCE
    while folded:
        with transaction.atomic():
            _lock_folds()
            folded = execute(FOLD, [CUSTOMERS_AT_ONCE]).rowcount


def _lock_folds() -> None:
    """One at a time: what counts anew must see all that was folded before, and nothing else may be folded meanwhile."""
    execute("SELECT pg_advisory_xact_lock(%s)", [FOLD_LOCK])
