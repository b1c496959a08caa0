"""Creates a merchant whose customers each have one order with a reminder due today."""

from datetime import timedelta

from django.db import connection
from django.db.models import Max

from benchmarks import seed
from integrations.models import Connection
from oneclick.models import OneClickSettings
from subscriptions import calendar
from subscriptions.models import Customer, Merchant, Product

PRODUCTS = 50
# The address, payment, subscription and order of the n-th customer all have the id n, which no other row has.
ROWS = """
INSERT INTO subscriptions_customer (id, merchant_id, merchant_user_id, first_name, last_name, email, locale,
    user_token_id, is_test, created, last_updated)
SELECT n, {merchant}, 'C-' || n, 'Ana', 'Ruiz', 'ana' || n || '@mail.test', 'en-us', '', false, now(), now()
FROM generate_series({first}, {last}) n;
INSERT INTO subscriptions_address (id, merchant_id, customer_id, public_id, address_type, first_name, last_name,
    address, city, state_province_code, zip_postal_code, country_code, phone, live, created, updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'shipping_address', 'Ana', 'Ruiz', '1 Main Street', 'Little Rock',
    'AR', '72201', 'US', '', true, now(), now()
FROM generate_series({first}, {last}) n;
INSERT INTO subscriptions_payment (id, merchant_id, customer_id, public_id, payment_method, token_id,
    cc_number_ending, cc_type, expires_on, live, created, last_updated)
SELECT n, {merchant}, n, gen_random_uuid(), 'credit card', 'tok', '4242', 1, current_date + 400, true, now(), now()
FROM generate_series({first}, {last}) n;
INSERT INTO subscriptions_subscription (id, merchant_id, customer_id, product_id, payment_id, shipping_address_id,
    public_id, raw_subscription_type, quantity, currency_code, every, every_period, reminder_days, start_date,
    extra_data, created, updated)
SELECT n, {merchant}, n, {product} + n % {products}, n, n, gen_random_uuid(), 'replenishment', 1, 'USD', 2, 2, 5,
    current_date, '{{}}', now(), now()
FROM generate_series({first}, {last}) n;
INSERT INTO subscriptions_order (id, merchant_id, customer_id, payment_id, shipping_address_id, public_id, status,
    place_date, sub_total, tax_total, shipping_total, discount_total, total, currency_code, tries, declines,
    generic_error_count, locked, oos_free_shipping, created, updated)
SELECT n, {merchant}, n, n, n, gen_random_uuid(), 1, date '{day}' + (n % {spread})::int, 12, 0, 0, 0, 12, 'USD', 0, 0,
    0, false, false, now(), now()
FROM generate_series({first}, {last}) n;
INSERT INTO subscriptions_item (id, merchant_id, order_id, subscription_id, product_id, public_id, quantity, price,
    extra_cost, total_price, one_time, frozen, upcoming, created)
SELECT n, {merchant}, n, n, {product} + n % {products}, gen_random_uuid(), 1, 12, 0, 12, false, false, true, now()
FROM generate_series({first}, {last}) n;
"""


def create_subscribers(number: int, *, later: int = 0, spread: int = 1) -> Merchant:
    """A new merchant with `number` subscribers, whose orders are due in five days.

    With `later` they are due so many days after that, and with `spread` on so many days from then on.
    """
    merchant = Merchant.objects.create(name=f"{number} orders", shop_url="https://shop.test")
    OneClickSettings.objects.create(merchant=merchant, shop_origins=["https://shop.test"])
    Connection.objects.create(
        merchant=merchant, integration=Connection.Integration.KLAVIYO, name="Klaviyo", secret="key"
    )
    products = [
        Product(merchant=merchant, external_product_id=f"P-{n}", sku=f"S-{n}", name="House blend", price=12)
        for n in range(PRODUCTS)
    ]
    first = 1 + (Customer.objects.aggregate(last=Max("id"))["last"] or 0)
    day = calendar.today(merchant.time_zone) + timedelta(days=merchant.reminder_days + later)
    with connection.cursor() as cursor:
        cursor.execute(
            ROWS.format(
                merchant=merchant.pk,
                product=Product.objects.bulk_create(products)[0].pk,
                products=PRODUCTS,
                first=first,
                last=first + number - 1,
                day=day,
                spread=spread,
            )
        )
    seed.settle_database()
    return merchant
