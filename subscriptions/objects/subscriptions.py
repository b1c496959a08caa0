"""Subscriptions."""

from subscriptions.calendar import Period
from subscriptions.models import Grantee, Merchant, Subscription
from subscriptions.objects.object_type import ObjectType, nested_object, object_list
from subscriptions.objects.values import (
    ALWAYS_EMPTY,
    ALWAYS_NULL,
    DAY,
    FLAG,
    FLOAT,
    ID,
    JSON_OBJECT,
    MERCHANT_ID,
    MONEY,
    NUMBER,
    REFERENCE,
    STRING,
    TEXT,
    TIME,
    choice,
    fixed_value,
)


def _prepaid_subscription(subscription: Subscription, _: Merchant) -> Subscription | None:
    return subscription if subscription.has_prepaid else None


def _grantees(subscription: Subscription, _: Merchant) -> list[Grantee]:
    """Each person once, even if they share several entitlements of the subscription; nobody shares ended access."""
    live = [each for each in subscription.entitlements.all() if each.live]
    by_id = {grantee.external_id: grantee for each in live for grantee in each.grantees.all()}
    return list(by_id.values())


PREPAID = ObjectType(
    "Prepaid",
    "The orders that are paid in advance.",
    {
        "prepaid_orders_remaining": NUMBER,
        "prepaid_orders_per_billing": NUMBER,
        "renewal_behavior": choice(TEXT, Subscription.Renewal.values),
        "last_renewal_revenue": FLOAT.or_null(),
        "prepaid_origin_merchant_order_id": TEXT.or_null(),
    },
)
GRANTEE = ObjectType("Grantee", "A person with whom the subscriber shares access.", {"external_id": TEXT, "name": TEXT})
SUBSCRIPTION = ObjectType(
    "Subscription",
    "`price` is set only when locked; `frequency_days` counts months as 30 days and years as 365.",
    {
        "customer": TEXT.of("customer.merchant_user_id"),
        "merchant": MERCHANT_ID,
        "product": TEXT.of("product.external_product_id"),
        "payment": REFERENCE,
        "shipping_address": REFERENCE,
        "offer": REFERENCE.or_null(),
        "subscription_type": fixed_value("replenishment", STRING),
        "raw_subscription_type": TEXT,
        "components": ALWAYS_EMPTY,
        "extra_data": JSON_OBJECT,
        "public_id": ID,
        "quantity": NUMBER,
        "price": MONEY.or_null(),
        "frequency_days": NUMBER,
        "reminder_days": NUMBER,
        "every": NUMBER,
        "every_period": choice(NUMBER, Period.values),
        "start_date": DAY,
        "cancelled": TIME.or_null(),
        "cancel_reason": TEXT.or_null(),
        "iteration": ALWAYS_NULL,
        "sequence": ALWAYS_NULL,
        "session_id": TEXT.or_null(),
        "merchant_order_id": TEXT.or_null(),
        "created": TIME,
        "updated": TIME,
        "live": FLAG,
        "external_id": TEXT.or_null(),
        "product_attribute": ALWAYS_NULL,
        "cancel_reason_code": NUMBER.or_null(),
        "customer_rep": TEXT.or_null(),
        "club": ALWAYS_NULL,
        "queued_actions": ALWAYS_EMPTY,
        "prepaid_subscription_context": nested_object(PREPAID).of(_prepaid_subscription).or_null(),
        "currency_code": TEXT,
        "free_trial_subscription_context": ALWAYS_NULL,
        "grantees": object_list(GRANTEE).of(_grantees),
    },
)
