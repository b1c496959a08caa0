"""Creates a merchant with a million customers; each tenth of them has a subscription with an order to come."""

from django.db import connection, transaction

from benchmarks.seed import settle_database
from integrations.models import AgentAction, Connection, GladlyAccount
from subscriptions.models import Merchant

CUSTOMERS, SUBSCRIPTIONS = 1_000_000, 100_000
KEY = "benchmark-key"
# The n-th subscription, its item and its order belong to the customer 10 n.
ROWS = """
INSERT INTO subscriptions_customer (id, merchant_id, merchant_user_id, first_name, last_name, email, phone_number,
    locale, user_token_id, is_test, created, last_updated)
SELECT n, {merchant}, 'C-' || n, 'Ana', 'Ruiz', 'Ana' || n || '@mail.test', '(501) ' || 2000000 + n, 'en-us', '',
    false, now(), now()
FROM generate_series(1, {customers}) n;
INSERT INTO subscriptions_product (id, merchant_id, public_id, external_product_id, sku, name, price, product_type,
    live, discontinued, autoship_enabled, autoship_by_default, prepaid_eligible, upsell_eligible, premier_enabled,
    set_by_staff, created, last_update)
VALUES (1, {merchant}, gen_random_uuid(), 'P-1', 'SKU-1', 'House blend', 12.50, 'standard', true, false, true, false,
    false, true, 0, '{{}}', now(), now());
INSERT INTO subscriptions_subscription (id, merchant_id, public_id, customer_id, product_id, payment_id,
    shipping_address_id, raw_subscription_type, quantity, currency_code, every, every_period, reminder_days,
    start_date, extra_data, created, updated)
SELECT n, {merchant}, gen_random_uuid(), 10 * n, 1, n, n, 'replenishment', 2, 'USD', 2, 2, 5, current_date, '{{}}',
    now(), now()
FROM generate_series(1, {subscriptions}) n;
INSERT INTO subscriptions_order (id, merchant_id, customer_id, payment_id, shipping_address_id, public_id, status,
    place_date, place, sub_total, tax_total, shipping_total, discount_total, total, currency_code, tries, declines,
    generic_error_count, locked, oos_free_shipping, created, updated)
SELECT n, {merchant}, 10 * n, n, n, gen_random_uuid(), 1, current_date + 14, current_date + interval '14 days', 25, 0,
    0, 0, 25, 'USD', 0, 0, 0, false, false, now(), now()
FROM generate_series(1, {subscriptions}) n;
INSERT INTO subscriptions_item (id, merchant_id, public_id, order_id, subscription_id, product_id, quantity, price,
    extra_cost, total_price, one_time, frozen, upcoming, order_status, order_place, created)
SELECT n, {merchant}, gen_random_uuid(), n, n, 1, 2, 12.50, 0, 25, false, false, true, 1,
    current_date + interval '14 days', now()
FROM generate_series(1, {subscriptions}) n;
"""


def create_customers() -> Connection:
    """The merchant's connection to Gladly. Needs an empty database."""
    merchant = Merchant.objects.create(name="Benchmark", shop_url="https://shop.test", is_test=True)
    # Without foreign keys and triggers, which take most of the time.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(ROWS.format(merchant=merchant.pk, customers=CUSTOMERS, subscriptions=SUBSCRIPTIONS))
    settle_database()
    made = Connection.objects.create(merchant=merchant, integration="gladly", name="Gladly")
    GladlyAccount.objects.create(connection=made, signing_key=KEY, actions_enabled=AgentAction.values)
    return made
