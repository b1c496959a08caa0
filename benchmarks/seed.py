"""A merchant with any number of customers who each have one cancelled subscription and a token to come back by."""

from django.db import connection

from integrations.models import Connection
from oneclick.models import ActionToken, LandingPage, OneClickSettings
from subscriptions.models import Merchant, Product

# The n-th customer's address, payment, subscription and token all have the id n, so that a script can find them.
ROWS = """
INSERT INTO subscriptions_customer (id, merchant_id, merchant_user_id, first_name, last_name, email, locale,
    user_token_id, is_test, created, last_updated)
SELECT n, {merchant}, 'C-' || n, 'Ana', 'Ruiz', 'ana' || n || '@mail.test', 'en-us', '', false, now(), now()
FROM generate_series(1, {number}) n;
INSERT INTO subscriptions_address (id, merchant_id, customer_id, public_id, address_type, first_name, last_name,
    address, city, state_province_code, zip_postal_code, country_code, phone, live, created, updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'shipping_address', 'Ana', 'Ruiz', '1 Main Street', 'Little Rock',
    'AR', '72201', 'US', '', true, now(), now()
FROM generate_series(1, {number}) n;
INSERT INTO subscriptions_payment (id, merchant_id, customer_id, public_id, payment_method, token_id,
    cc_number_ending, cc_type, live, created, last_updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'credit card', 'tok', '4242', 1, true, now(), now()
FROM generate_series(1, {number}) n;
INSERT INTO subscriptions_subscription (id, merchant_id, customer_id, product_id, payment_id, shipping_address_id,
    public_id, raw_subscription_type, quantity, currency_code, every, every_period, reminder_days, start_date,
    cancelled, cancel_reason, extra_data, created, updated)
SELECT n, {merchant}, n, {product}, n, n, gen_random_uuid(), 'replenishment', 1, 'USD', 2, 2, 5, current_date,
    now(), '4|too much', '{{}}', now(), now()
FROM generate_series(1, {number}) n;
INSERT INTO oneclick_actiontoken (id, merchant_id, customer_id, subscription_id, nonce, scope, issued_at,
    expires_at, used_action, used_message)
SELECT n, {merchant}, n, n, gen_random_uuid(), 'subscription', now(), now() + interval '90 days', '', ''
FROM generate_series(1, {number}) n;
SELECT setval(pg_get_serial_sequence('oneclick_actiontoken', 'id'), {number});
"""


def cancelled_subscribers(number: int) -> Merchant:
    """A fresh merchant with so many; call it on an empty database."""
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
        cursor.execute(ROWS.format(merchant=merchant.pk, product=product.pk, number=number))
        cursor.execute("VACUUM ANALYZE")
    return merchant


def tokens_between(first: int, last: int) -> list[ActionToken]:
    return list(ActionToken.objects.filter(pk__range=(first, last)).order_by("pk"))
