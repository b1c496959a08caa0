"""Creates merchants of several sizes, with a past of a year. A customer has four subscriptions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.seed import settle_database
from oneclick.models import Action, OneClickSettings, SavedLink
from subscriptions.figures import roll_ups
from subscriptions.figures.forecast import make_forecast
from subscriptions.models import Merchant, Product, RollUp

SUBSCRIPTIONS_EACH = 4
CLICKS_PER_SUBSCRIPTION = 2  # on the links of each fifth one, in 90 days
PRODUCTS, LINKS = 40, 10
# Keys of a merchant's rows begin behind `base`; the n-th order to come and the n-th placed one are the n-th
# subscription's, with one item each. In a shop of any size, a hundred of the placed ones wait for somebody. Four fifths
# of the subscriptions are live.
ROWS = [
    """
INSERT INTO subscriptions_customer (id, merchant_id, merchant_user_id, first_name, last_name, email, phone_number,
    locale, user_token_id, is_test, created, last_updated)
SELECT {base} + n, {merchant}, 'C-' || n, 'Ana' || n % 997, 'Ruiz' || n % 1009, 'ana' || n || '@mail.test',
    '(501) ' || 5550000 + n, 'en-us', '', false, now() - n % 365 * interval '1 day', now()
FROM generate_series(1, {customers}) n
""",
    """
INSERT INTO subscriptions_address (id, merchant_id, customer_id, public_id, address_type, first_name, last_name,
    address, city, state_province_code, zip_postal_code, country_code, phone, live, created, updated)
SELECT {base} + n, {merchant}, {base} + n, gen_random_uuid(), 'shipping_address', 'Ana', 'Ruiz', '1 Main Street',
    'Little Rock', 'AR', '72201', 'US', '', true, now(), now()
FROM generate_series(1, {customers}) n
""",
    """
INSERT INTO subscriptions_payment (id, merchant_id, customer_id, public_id, payment_method, token_id,
    cc_number_ending, cc_type, live, created, last_updated)
SELECT {base} + n, {merchant}, {base} + n, gen_random_uuid(), 'credit card', 'tok', '4242', 1, true, now(), now()
FROM generate_series(1, {customers}) n
""",
    """
INSERT INTO subscriptions_subscription (id, merchant_id, customer_id, product_id, payment_id, shipping_address_id,
    public_id, raw_subscription_type, quantity, currency_code, every, every_period, reminder_days, start_date,
    cancelled, cancel_reason, extra_data, created, updated)
SELECT {base} + n, {merchant}, {owner}, {product}, {owner}, {owner}, gen_random_uuid(), 'replenishment', 1, 'USD', 2, 2,
    5, current_date, CASE WHEN n % 5 = 0 THEN now() - n % 365 * interval '1 day' END,
    CASE WHEN n % 5 = 0 THEN n % 7 || '|' END, '{{}}', now() - n % 365 * interval '1 day', now()
FROM generate_series(1, {subscriptions}) n
""",
    """
INSERT INTO subscriptions_order (id, merchant_id, customer_id, payment_id, shipping_address_id, public_id, status,
    place_date, tried_at, place, sub_total, tax_total, shipping_total, discount_total, total, currency_code, tries,
    declines, generic_error_count, locked, oos_free_shipping, created, updated)
SELECT {base} + n, {merchant}, {owner}, {owner}, {owner}, gen_random_uuid(),
    CASE WHEN n <= {subscriptions} THEN 1 WHEN n % 100 = 0 THEN 3
        WHEN n <= {subscriptions} + 100 THEN 14 ELSE 5 END,
    day::date, CASE WHEN n > {subscriptions} THEN day END, day, 12, 0, 0, 0, 12, 'USD', 0, 0, 0, false, false,
    day - interval '30 days', least(day, now()) - n % 86400 * interval '1 second'
FROM generate_series(1, 2 * {subscriptions}) n, LATERAL (
    SELECT CASE
        WHEN n <= {subscriptions} THEN current_date + 1 + n % 7 + 7 * ((n - 1) / {customers})
        ELSE current_date - n % 365
    END::timestamp AS day
) planned
""",
    """
INSERT INTO subscriptions_item (id, merchant_id, order_id, subscription_id, product_id, public_id, quantity, price,
    extra_cost, total_price, one_time, frozen, upcoming, order_status, order_place, first_placed, created)
SELECT o.id, {merchant}, o.id, {base} + 1 + (o.id - {base} - 1) % {subscriptions}, {product}, gen_random_uuid(), 1,
    12, 0, 12, false, true, status = 1, status, place, CASE WHEN status = 5 THEN tried_at END, o.created
FROM subscriptions_order o WHERE merchant_id = {merchant}
""",
    """
INSERT INTO subscriptions_activity (id, merchant_id, customer_id, subscription_id, verb, sentence, actor_kind, actor_id,
    actor_name, at)
SELECT {base} + n, {merchant}, {base} + 1 + n % {customers}, {base} + 1 + n % {subscriptions}, 'subscription.cancel',
    'Cancelled the subscription to House blend.', 'customer', '', '', {moment}
FROM generate_series(1, 5 * {subscriptions}) n
""",
    """
INSERT INTO subscriptions_event (id, merchant_id, customer_id, subscription_id, activity_id, public_id, kind, payload,
    recipient, at)
SELECT {base} + n, {merchant}, {base} + 1 + n % {customers}, {base} + 1 + n % {subscriptions}, {base} + n,
    gen_random_uuid(), (ARRAY['ordergroove.subscription.cancel', 'ordergroove.subscription.reactivate',
    'ordergroove.subscription.create', 'ordergroove.order.reminder', 'ordergroove.order.success'])[1 + n % 5],
    jsonb_build_object('cancel_reason_code', (n % 7)::text), '{{}}', {moment}
FROM generate_series(1, 2 * {subscriptions}) n
""",
    """
INSERT INTO oneclick_actiontoken (id, merchant_id, customer_id, subscription_id, nonce, scope, issued_at, expires_at,
    used_at, undone_at, used_action, used_message, used_attempt)
SELECT {base} + n, {merchant}, {owner}, {base} + n, gen_random_uuid(), 'subscription', now(),
    now() + interval '90 days', now(), CASE WHEN n % 50 = 0 THEN now() END, 'reactivate', '', ''
FROM generate_series(1, {subscriptions} / 5) n
""",
    """
INSERT INTO oneclick_click (merchant_id, token_id, subscription_id, link_id, product_id, action, outcome, opens,
    replayed, likely_machine, at)
SELECT {merchant}, token, CASE WHEN n % 3 > 0 THEN token END, {link} + n / 3 % {links}, {product} + n / 7 % {products},
    (ARRAY['reactivate', 'skip', 'delay'])[1 + n % 3],
    CASE WHEN n % 3 > 0 THEN 'success' ELSE 'token_already_used' END, true, false, n % 9 = 0,
    now() - n % 129600 * interval '1 minute'
FROM generate_series(1, {clicks}) n, LATERAL (SELECT {base} + 1 + n % ({subscriptions} / 5) AS token) its
""",
    """
INSERT INTO subscriptions_activecount (merchant_id, subscriptions, subscribers, time_zone)
SELECT {merchant}, count(*), count(DISTINCT customer_id), '{zone}' FROM subscriptions_subscription
WHERE merchant_id = {merchant} AND cancelled IS NULL
""",
    """
INSERT INTO subscriptions_cohortcount (merchant_id, product_id, started, ended, n)
SELECT {merchant}, product_id, date_trunc('month', created AT TIME ZONE '{zone}')::date AS started,
    date_trunc('month', cancelled AT TIME ZONE '{zone}')::date AS ended, count(*)
FROM subscriptions_subscription WHERE merchant_id = {merchant} GROUP BY product_id, 3, 4
""",
]
OWNER = "{base} + 1 + (n - 1) % {customers}"
MOMENT = "now() - n % 525600 * interval '1 minute'"
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
    AND indexdef NOT LIKE 'CREATE UNIQUE%%'
"""
NUMBERED = ["customer", "address", "payment", "subscription", "order", "item", "activity", "event"]


def create_merchants(*sizes: int) -> list[Merchant]:
    """One for each number of subscriptions, in an empty database; with their figures folded."""
    with _without_indexes():
        merchants = [_create_merchant(size, base=sum(sizes[:number]) * 5) for number, size in enumerate(sizes)]
    with connection.cursor() as cursor:
        for table in NUMBERED:
            cursor.execute(
                f"SELECT setval('subscriptions_{table}_id_seq', (SELECT max(id) FROM subscriptions_{table}))"
            )
    settle_database()
    for merchant in merchants:
        _fold(merchant)
        make_forecast(merchant)
    settle_database()
    return merchants


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Indexes that no constraint needs are made after the block: sorting is several times faster than inserting."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [[f"subscriptions_{table}" for table in NUMBERED]])
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in found:
            cursor.execute(definition)


def _create_merchant(subscriptions: int, base: int) -> Merchant:
    merchant = Merchant.objects.create(name=f"Benchmark {subscriptions:,}", shop_url="https://shop.test")
    OneClickSettings.objects.create(merchant=merchant, shop_origins=["https://shop.test"])
    products = Product.objects.bulk_create(
        Product(merchant=merchant, external_product_id=f"P-{n}", name=f"Blend {n}", price=12, autoship_enabled=True)
        for n in range(PRODUCTS)
    )
    links = SavedLink.objects.bulk_create(
        SavedLink(merchant=merchant, name=f"Link {n}", action=Action.REACTIVATE) for n in range(LINKS)
    )
    values = {
        "base": base,
        "merchant": merchant.pk,
        "zone": merchant.time_zone,
        "product": products[0].pk,
        "products": PRODUCTS,
        "link": links[0].pk,
        "links": LINKS,
        "clicks": CLICKS_PER_SUBSCRIPTION * subscriptions,
        "subscriptions": subscriptions,
        "customers": subscriptions // SUBSCRIPTIONS_EACH,
    }
    # Without foreign keys and triggers, which take most of the time.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in ROWS:
            cursor.execute(statement.format(**values, owner=OWNER.format(**values), moment=MOMENT))
    return merchant


def _fold(merchant: Merchant) -> None:
    for name in roll_ups.all_kinds():
        row = RollUp.objects.create(merchant=merchant, name=name)
        begun = timezone.now() - timedelta(hours=1)
        while not RollUp.objects.filter(pk=row.pk, folded_until__gt=begun).exists():  # a turn is 15 seconds
            roll_ups.continue_fold(row.pk)
