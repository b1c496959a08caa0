"""Creates a merchant with a million orders, ten for each customer: three to come and seven placed."""

from django.db import connection, transaction

from benchmarks.seed import settle_database
from subscriptions.models import Merchant

CUSTOMERS, ORDERS = 100_000, 1_000_000
# The address and the payment of the n-th customer have the id n, too.
ROWS = """
INSERT INTO subscriptions_customer (id, merchant_id, merchant_user_id, first_name, last_name, email, phone_number,
    locale, user_token_id, is_test, created, last_updated)
SELECT n, {merchant}, 'C-' || n, 'Ana', 'Ruiz', 'ana' || n || '@mail.test', '(501) ' || 5550000 + n, 'en-us', '',
    false, now(), now()
FROM generate_series(1, {customers}) n;
INSERT INTO subscriptions_address (id, merchant_id, customer_id, public_id, address_type, first_name, last_name,
    address, city, state_province_code, zip_postal_code, country_code, phone, live, created, updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'shipping_address', 'Ana', 'Ruiz', '1 Main Street', 'Little Rock',
    'AR', '72201', 'US', '', true, now(), now()
FROM generate_series(1, {customers}) n;
INSERT INTO subscriptions_payment (id, merchant_id, customer_id, public_id, payment_method, token_id,
    cc_number_ending, cc_type, live, created, last_updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'credit card', 'tok', '4242', 1, true, now(), now()
FROM generate_series(1, {customers}) n;
INSERT INTO subscriptions_order (id, merchant_id, customer_id, payment_id, shipping_address_id, public_id, status,
    place_date, tried_at, place, sub_total, tax_total, shipping_total, discount_total, total, currency_code, tries,
    declines, generic_error_count, locked, oos_free_shipping, created, updated)
SELECT n, {merchant}, customer, customer, customer, gen_random_uuid(), CASE WHEN turn < 3 THEN 1 ELSE 5 END,
    current_date + days, CASE WHEN turn >= 3 THEN current_date + days + interval '9 hours' END,
    current_date + days + CASE WHEN turn < 3 THEN interval '0' ELSE interval '4 hours' END, 12, 0, 0, 0, 12, 'USD', 0,
    0, 0, false, false, now() - n * interval '1 minute', now() - n * interval '1 minute'
FROM generate_series(1, {orders}) n,
    LATERAL (SELECT 1 + n % {customers} AS customer, (n - 1) / {customers} AS turn) whose,
    LATERAL (SELECT CASE WHEN turn < 3 THEN 1 + n % 30 + 30 * turn ELSE n % 30 - 30 * turn END AS days) planned;
"""


def create_orders() -> Merchant:
    """Needs an empty database."""
    merchant = Merchant.objects.create(name="Benchmark", shop_url="https://shop.test", is_test=True)
    # Without foreign keys and triggers, which take most of the time.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(ROWS.format(merchant=merchant.pk, customers=CUSTOMERS, orders=ORDERS))
    settle_database()
    return merchant
