"""The object of a webhook's `data`, one type for each family: keys of the REST API, with times in Unix seconds."""

from datetime import date

from subscriptions import calendar
from subscriptions.models import Customer, Merchant, Order, Subscription
from subscriptions.normal_forms import locale_names
from subscriptions.objects import customers, orders, subscriptions
from subscriptions.objects.object_type import ObjectType, Value
from subscriptions.objects.values import (
    ALWAYS_EMPTY,
    ALWAYS_NULL,
    DAY,
    MERCHANT_ID,
    NUMBER,
    STRING,
    TEXT,
    fixed_value,
    in_unix_time,
)

LOCALE_NUMBERS = {"en-us": 1}  # the numbers of other locales are not published


def _object_type(family: str, rest: ObjectType, keys: str, **own: Value) -> ObjectType:
    """An object with these keys in this order; those that are not its `own` are written as in the object of REST."""
    values = {key: own.get(key) or in_unix_time(rest.values[key]) for key in keys.split()}
    return ObjectType(f"Webhook{rest.name}", rest.description, {"type": fixed_value(family, STRING), **values})


def _phone_type(customer: Customer, _: Merchant) -> str | None:
    return None if customer.phone_type is None else customer.get_phone_type_display()


def _locale_number(customer: Customer, _: Merchant) -> int | None:
    return LOCALE_NUMBERS.get(customer.locale)


def _locale_name(customer: Customer, _: Merchant) -> str:
    return locale_names().get(customer.locale, customer.locale)


def _period(subscription: Subscription, _: Merchant) -> str:
    return subscription.get_every_period_display().capitalize()


def _place_day(order: Order, merchant: Merchant) -> date:
    """The day on which it is planned or, once it was tried, of the latest try."""
    # The row may be newer than its column `place`, which the database sets.
    return calendar.local_time(order.tried_at, merchant.time_zone).date() if order.tried_at else order.place_date


def _status(order: Order, _: Merchant) -> str:
    return order.get_status_display()


# `subscription` and `subscriptions` depend on the event, which fills them.
SUBSCRIBER = _object_type(
    "subscriber",
    customers.CUSTOMER,
    "merchant merchant_user_id subscription subscriptions session_id first_name last_name email phone_number"
    " phone_type phone_type_display live created last_updated extra_data locale locale_display",
    subscription=ALWAYS_NULL,
    subscriptions=ALWAYS_EMPTY,
    phone_type_display=TEXT.of(_phone_type).or_null(),
    locale=NUMBER.of(_locale_number).or_null(),
    locale_display=TEXT.of(_locale_name),
)
SUBSCRIPTION = _object_type(
    "subscription",
    subscriptions.SUBSCRIPTION,
    "merchant public_id customer product components extra_data quantity price frequency_days reminder_days every"
    " every_period every_period_display cancelled cancel_reason cancel_reason_code session_id merchant_order_id live"
    " external_id created updated start_date offer payment shipping_address prepaid_subscription_context",
    every_period_display=TEXT.of(_period),
)
ORDER = _object_type(
    "order",
    orders.ORDER,
    "merchant public_id customer payment shipping_address sub_total tax_total shipping_total discount_total total"
    " created place cancelled tries generic_error_count status status_display order_merchant_id rejected_message"
    " extra_data",
    place=DAY.of(_place_day),
    status_display=TEXT.of(_status),
)
ITEM = _object_type(
    "item",
    orders.ITEM,
    "merchant public_id customer product order subscription offer quantity price total_price first_placed components",
    merchant=MERCHANT_ID,
    customer=TEXT.of("order.customer.merchant_user_id"),
)
