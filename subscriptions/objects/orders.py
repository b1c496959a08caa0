"""Orders and their items."""

from subscriptions.models import Merchant, Order
from subscriptions.models.order_status import OrderStatus
from subscriptions.objects.object_type import ObjectType
from subscriptions.objects.values import (
    ALWAYS_EMPTY,
    ALWAYS_NULL,
    CLOCK_TIME,
    FLAG,
    ID,
    INTEGER,
    JSON_OBJECT,
    JSON_TEXT,
    MERCHANT_ID,
    MONEY,
    NUMBER,
    REFERENCE,
    TEXT,
    TIME,
    choice,
    fixed_value,
)


def _rejection(order: Order, _: Merchant) -> dict[str, str | None] | None:
    if order.rejected_message is None:
        return None
    return {"message": order.rejected_message, "code": order.rejected_error_code}


ORDER = ObjectType(
    "Order",
    "`sub_total` is after discounts; `total` = `sub_total` + `shipping_total`.",
    {
        "merchant": MERCHANT_ID,
        "customer": TEXT.of("customer.merchant_user_id"),
        "payment": REFERENCE,
        "shipping_address": REFERENCE,
        "public_id": ID,
        "sub_total": MONEY,
        "tax_total": MONEY,
        "shipping_total": MONEY,
        "discount_total": MONEY,
        "total": MONEY,
        "created": TIME,
        "updated": TIME,
        "place": CLOCK_TIME,
        "cancelled": TIME.or_null(),
        "tries": NUMBER,
        "generic_error_count": NUMBER,
        "status": choice(NUMBER, OrderStatus.values),
        "type": fixed_value(1, INTEGER),
        "order_merchant_id": TEXT.or_null(),
        "rejected_message": JSON_TEXT.of(_rejection).or_null(),
        "rejected_error_code": TEXT.or_null(),
        "extra_data": JSON_OBJECT.or_null(),
        "locked": FLAG,
        "oos_free_shipping": FLAG,
        "currency_code": TEXT,
        # Only on request. It is not a column: the query that reads the order adds it.
        "has_plan": FLAG,
    },
)
PLACEMENT_RESPONSE = ObjectType(
    "PlacementResponse",
    "What came back from one attempt to place an order. `response_payload` is the beginning of the answer.",
    {
        "public_id": ID,
        "order": REFERENCE,
        "response_code": TEXT.of("code"),
        "response_message": TEXT.of("message"),
        "response_order_id": TEXT.of(lambda row, _: row.order_merchant_id or None).or_null(),
        "response_payload": TEXT.of("answer"),
        "transaction_response": ALWAYS_NULL,
    },
)
ITEM = ObjectType(
    "Item",
    "`price` is the unit's list price, `total_price` the line after discounts.",
    {
        "order": REFERENCE,
        "offer": REFERENCE.or_null(),
        "subscription": REFERENCE.or_null(),
        "product": TEXT.of("product.external_product_id"),
        "components": ALWAYS_EMPTY,
        "subscription_component": ALWAYS_NULL,
        "quantity": NUMBER,
        "public_id": ID,
        "product_attribute": ALWAYS_NULL,
        "price": MONEY,
        "extra_cost": MONEY,
        "total_price": MONEY,
        "one_time": FLAG,
        "frozen": FLAG,
        "first_placed": TIME.or_null(),
        "order_updated": TIME.of("order.updated"),
    },
)
