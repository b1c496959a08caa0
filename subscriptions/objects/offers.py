"""Offer profiles with their coupons, and incentives given once."""

from collections.abc import Callable
from typing import Any

from subscriptions.models import Coupon, Merchant, OfferProfile, OneTimeIncentive
from subscriptions.objects.object_type import ObjectType, Value, nested_object, object_list, one_of
from subscriptions.objects.values import (
    ALWAYS_EMPTY,
    FLAG,
    HEX,
    ID,
    MERCHANT_ID,
    MONEY,
    NUMBER,
    REFERENCE,
    TEXT,
    TIME,
)


def _coupon(use: Coupon.Use) -> Callable[[OfferProfile, Merchant], Coupon | None]:
    return lambda profile, _: next((coupon for coupon in profile.coupons.all() if coupon.use == use), None)


DISCOUNT = ObjectType(
    "Discount",
    "`object`: 1 order, 2 item. `field` and `threshold_field`: 1 total_price, 2 shipping_total, 3 sub_total.",
    {
        "public_id": ID,
        "name": TEXT,
        "object": NUMBER,
        "field": NUMBER,
        "type": TEXT,
        "value": MONEY,
        "threshold_field": NUMBER.or_null(),
        "threshold_value": MONEY.or_null(),
    },
)
COUPON = ObjectType(
    "Coupon",
    "The discounts of a first order, or those of later orders.",
    {
        "public_id": ID,
        "name": TEXT,
        "code": TEXT,
        "discounts": object_list(DISCOUNT).of(lambda coupon, _: coupon.discounts.all()),
        # Only on request.
        "standard_flex_incentives": ALWAYS_EMPTY,
    },
    optional={"standard_flex_incentives"},
)


def _offer_profile(coupon: ObjectType) -> ObjectType:
    return ObjectType(
        "OfferProfile",
        "An offer and its discounts.",
        {
            "public_id": ID,
            "name": TEXT,
            "weight": NUMBER,
            "live": FLAG,
            "status": TEXT,
            "offers": Value(
                {"type": "array", "items": HEX},
                source=lambda profile, _: [offer.public_id.hex for offer in profile.offers.all()],
            ),
            "recurring_coupon": nested_object(coupon).of(_coupon(Coupon.Use.RECURRING)).or_null(),
            "initial_coupon": nested_object(coupon).of(_coupon(Coupon.Use.INITIAL)).or_null(),
        },
    )


OFFER_PROFILE_ON_REQUEST = _offer_profile(COUPON)
OFFER_PROFILE = _offer_profile(COUPON.without({"standard_flex_incentives"}))

DISCOUNT_INCENTIVE = ObjectType(
    "DiscountIncentive",
    "A discount, once.",
    {
        "public_id": ID,
        "name": TEXT,
        "type": TEXT,
        "discount_type": TEXT,
        "value": MONEY,
        "field": TEXT,
        "target": TEXT,
        "limit_policy": TEXT.or_null(),
        "limit_value": MONEY.or_null(),
        "threshold_field": TEXT.or_null(),
        "threshold_value": MONEY.or_null(),
    },
)
GIFT_INCENTIVE = ObjectType(
    "GiftIncentive",
    "A product, once, at no cost.",
    {
        "public_id": ID,
        "name": TEXT,
        "type": TEXT,
        "product": TEXT.of("product.external_product_id"),
        "target": TEXT,
    },
)


def _incentive_type(row: Any) -> ObjectType:
    return GIFT_INCENTIVE if row.type == OneTimeIncentive.Type.GIFT else DISCOUNT_INCENTIVE


ONE_TIME_INCENTIVE = ObjectType(
    "OneTimeIncentive",
    "A discount or gift for one order or one item. `applied_at`: when its order succeeded.",
    {
        "public_id": ID,
        "external_code": TEXT.or_null(),
        "description": TEXT.or_null(),
        "merchant": MERCHANT_ID,
        "customer": TEXT.of("customer.merchant_user_id"),
        "item": REFERENCE.or_null(),
        "order": REFERENCE.or_null(),
        "expires": TIME.or_null(),
        "stacking_type": TEXT,
        "created": TIME,
        "last_updated": TIME,
        "applied_at": TIME.or_null(),
        "incentive": one_of(_incentive_type, DISCOUNT_INCENTIVE, GIFT_INCENTIVE).of(lambda row, _: row),
    },
)
