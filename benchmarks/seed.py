"""Creates a merchant whose customers each had an order. Most of them cancelled, and have a token to reactivate."""

from django.db import connection

from integrations.models import Connection
from oneclick.models import ActionToken, LandingPage, OneClickSettings
from subscriptions.models import Merchant, Product

# All rows of the n-th customer have the id n, so that a script can find them.
ROWS = """
INSERT INTO subscriptions_customer (id, merchant_id, merchant_user_id, first_name, last_name, email, locale,
    user_token_id, is_test, created, last_updated)
SELECT n, {merchant}, 'C-' || n, 'Ana', 'Ruiz', 'ana' || n || '@mail.test', 'en-us', '', false, now(), now()
FROM generate_series(1, {everybody}) n;
INSERT INTO subscriptions_address (id, merchant_id, customer_id, public_id, address_type, first_name, last_name,
    address, city, state_province_code, zip_postal_code, country_code, phone, live, created, updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'shipping_address', 'Ana', 'Ruiz', '1 Main Street', 'Little Rock',
    'AR', '72201', 'US', '', true, now(), now()
FROM generate_series(1, {everybody}) n;
INSERT INTO subscriptions_payment (id, merchant_id, customer_id, public_id, payment_method, token_id,
    cc_number_ending, cc_type, live, created, last_updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'credit card', 'tok', '4242', 1, true, now(), now()
FROM generate_series(1, {everybody}) n;
INSERT INTO subscriptions_subscription (id, merchant_id, customer_id, product_id, payment_id, shipping_address_id,
    public_id, raw_subscription_type, quantity, currency_code, every, every_period, reminder_days, start_date,
    cancelled, cancel_reason, extra_data, created, updated)
SELECT n, {merchant}, n, {product}, n, n, gen_random_uuid(), 'replenishment', 1, 'USD', 2, 2, 5, current_date,
    CASE WHEN n <= {number} THEN now() END, CASE WHEN n <= {number} THEN '4|too much' END, '{{}}', now(), now()
FROM generate_series(1, {everybody}) n;
INSERT INTO oneclick_actiontoken (id, merchant_id, customer_id, subscription_id, nonce, scope, issued_at,
    expires_at, used_action, used_message)
SELECT n, {merchant}, n, n, gen_random_uuid(), 'subscription', now(), now() + interval '90 days', '', ''
FROM generate_series(1, {everybody}) n;
INSERT INTO subscriptions_order (id, merchant_id, customer_id, payment_id, shipping_address_id, public_id, status,
    place_date, sub_total, tax_total, shipping_total, discount_total, total, currency_code, tries, declines,
    generic_error_count, locked, oos_free_shipping, created, updated)
SELECT n, {merchant}, n, n, n, gen_random_uuid(), 5, current_date - 30, 12, 0, 0, 0, 12, 'USD', 1, 0, 0, false, false,
    now() - interval '90 days', now() - interval '30 days'
FROM generate_series(1, {everybody}) n;
INSERT INTO subscriptions_item (id, merchant_id, order_id, subscription_id, product_id, public_id, quantity, price,
    extra_cost, total_price, one_time, frozen, upcoming, created)
SELECT n, {merchant}, n, n, {product}, gen_random_uuid(), 1, 12, 0, 12, false, true, false, now() - interval '90 days'
FROM generate_series(1, {everybody}) n;
INSERT INTO subscriptions_activity (id, merchant_id, customer_id, subscription_id, verb, sentence, actor_kind, actor_id,
    actor_name, at)
SELECT n, {merchant}, n, n, 'subscription.cancel', 'Cancelled the subscription to House blend.', 'customer', '', '',
    now() - interval '9 days'
FROM generate_series(1, {everybody}) n;
INSERT INTO subscriptions_event (id, merchant_id, customer_id, subscription_id, activity_id, public_id, kind, payload,
    recipient, at)
SELECT n, {merchant}, n, n, n, gen_random_uuid(), 'ordergroove.subscription.cancel', '{{}}', '{{}}',
    now() - interval '9 days'
FROM generate_series(1, {everybody}) n;
"""
# The tables into which the measured work inserts; their sequences continue after these rows.
NUMBERED = [
    "oneclick_actiontoken",
    "subscriptions_order",
    "subscriptions_item",
    "subscriptions_activity",
    "subscriptions_event",
]


def create_cancelled_subscribers(number: int) -> Merchant:
    """A new merchant with `number` cancelled subscribers and a quarter as many live ones. Needs an empty database."""
    everybody = number + number // 4
    merchant = Merchant.objects.create(name="Benchmark", shop_url="https://shop.test", is_test=True)
    OneClickSettings.objects.create(merchant=merchant, shop_origins=["https://shop.test"])
    LandingPage.objects.create(
        merchant=merchant, slug="welcome", name="Welcome", title="Welcome", heading="Welcome", is_default=True
    )
    Connection.objects.create(
        merchant=merchant, integration=Connection.Integration.KLAVIYO, name="Klaviyo", secret="key"
    )
    product = Product.objects.create(
        merchant=merchant, external_product_id="P-1", name="House blend", price=12, autoship_enabled=True
    )
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(merchant=merchant.pk, product=product.pk, number=number, everybody=everybody))
        for table in NUMBERED:
            cursor.execute(f"SELECT setval('{table}_id_seq', {everybody})")
    settle_database()
    return merchant


def settle_database() -> None:
    """Do what autovacuum would have done; plans made for empty tables scan the full ones."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    settle_disk()


def settle_disk() -> None:
    """Write what waits to be written, or whatever is measured next would pay for it."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def find_tokens(first: int, last: int) -> list[ActionToken]:
    return list(ActionToken.objects.filter(pk__range=(first, last)).order_by("pk"))
