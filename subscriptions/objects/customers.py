"""Customers, with their addresses and payments."""

from subscriptions.models import Customer, Payment
from subscriptions.objects.object_type import ObjectType
from subscriptions.objects.values import FLAG, ID, JSON_TEXT, MERCHANT_ID, NUMBER, REFERENCE, TEXT, TIME, choice

CUSTOMER = ObjectType(
    "Customer",
    "`live`: has a live subscription.",
    {
        "merchant": MERCHANT_ID,
        "id": NUMBER,
        "merchant_user_id": TEXT,
        "session_id": TEXT.or_null(),
        "user_token_id": TEXT,
        "first_name": TEXT,
        "last_name": TEXT,
        "email": TEXT,
        "phone_number": TEXT.or_null(),
        "phone_type": choice(NUMBER, Customer.PhoneType.values).or_null(),
        # Not a column: the query that reads the customer adds it.
        "live": FLAG,
        "created": TIME,
        "last_updated": TIME,
        "last_login": TIME.or_null(),
        "extra_data": JSON_TEXT.or_null(),
        "locale": TEXT,
        "price_code": TEXT.or_null(),
    },
)
CREATED_CUSTOMER = ObjectType(
    "CreatedCustomer",
    "A new customer, with the experiences that were sent; they are not kept.",
    {**CUSTOMER.values, "experiences": TEXT.or_null()},
)
CHANGED_CUSTOMER = ObjectType(
    "ChangedCustomer", "Those keys of the customer that were sent.", CUSTOMER.values, optional=CUSTOMER.values
)
CONTACT = ObjectType(
    "Contact",
    "Where messages go.",
    {"phone_number": TEXT.or_null(), "email": TEXT, "extra_data": JSON_TEXT.or_null()},
)
ADDRESS = ObjectType(
    "Address",
    "A postal address; its content never changes.",
    {
        "customer": TEXT.of("customer.merchant_user_id"),
        "public_id": ID,
        "label": TEXT.or_null(),
        "first_name": TEXT,
        "last_name": TEXT,
        "company_name": TEXT.or_null(),
        "address": TEXT,
        "address2": TEXT.or_null(),
        "city": TEXT,
        "state_province_code": TEXT,
        "zip_postal_code": TEXT,
        "phone": TEXT,
        "fax": TEXT.or_null(),
        "country_code": TEXT,
        "live": FLAG,
        "created": TIME,
        "updated": TIME,
        "token_id": TEXT.or_null(),
        "store_public_id": ID.or_null(),
    },
)
PAYMENT = ObjectType(
    "Payment",
    "A means of payment, by the platform's token; of a card only the last four digits are known.",
    {
        "customer": TEXT.of("customer.merchant_user_id"),
        "billing_address": REFERENCE.or_null(),
        "cc_number_ending": TEXT.or_null(),
        "public_id": ID,
        "label": TEXT.or_null(),
        "token_id": TEXT,
        "cc_holder": TEXT.or_null(),
        "cc_type": choice(NUMBER, Payment.CardType.values).or_null(),
        "cc_exp_date": TEXT.or_null(),
        "payment_method": choice(TEXT, Payment.Method.values),
        "live": FLAG,
        "created": TIME,
        "last_updated": TIME,
    },
)
