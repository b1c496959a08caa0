"""The bodies that one-time incentives are written with."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions.actions.discounts import FIXED, ON_ITEM, ON_ORDER, SHIPPING_TOTAL, SUB_TOTAL, TOTAL_PRICE
from subscriptions.api.bodies.fields import LocalTime, OptionalText, price_field
from subscriptions.api.bodies.named_rows import NamedCustomer, NamedProduct, NamedRow
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.models import Discount, Item, OneTimeIncentive, Order

FIELDS = (TOTAL_PRICE, SUB_TOTAL, SHIPPING_TOTAL)
REQUIRED = "This field is required."
PAIRS = (("limit_policy", "limit_value"), ("threshold_field", "threshold_value"))


class IncentiveChanges(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255, required=False)
    discount_type = serializers.ChoiceField(Discount.Type.choices, required=False)
    target = serializers.ChoiceField([ON_ITEM, ON_ORDER], required=False)
    value = price_field(required=False)
    product = NamedProduct(required=False)


class IncentiveTerms(serializers.Serializer[Any]):
    """A discount needs `discount_type`, `value` and `field`; a gift needs `product`."""

    name = serializers.CharField(max_length=255)
    type = serializers.ChoiceField(OneTimeIncentive.Type.choices)
    target = serializers.ChoiceField([ON_ITEM, ON_ORDER])
    discount_type = serializers.ChoiceField(Discount.Type.choices, required=False)
    value = price_field(required=False)
    field = serializers.ChoiceField(FIELDS, required=False)
    limit_policy = serializers.ChoiceField([FIXED], required=False, allow_null=True)
    limit_value = price_field(required=False, allow_null=True)
    threshold_field = serializers.ChoiceField(FIELDS, required=False, allow_null=True)
    threshold_value = price_field(required=False, allow_null=True)
    product = NamedProduct(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        is_gift = given["type"] == OneTimeIncentive.Type.GIFT
        needed = ("product",) if is_gift else ("discount_type", "value", "field")
        missing = [name for name in needed if name not in given]
        for pair in PAIRS:
            absent = [name for name in pair if given.get(name) is None]
            missing += absent if len(absent) == 1 else []
        if missing:
            raise ValidationError({name: [REQUIRED] for name in missing})
        return {
            name: value
            for name, value in given.items()
            if name in ("name", "type", "target", *needed) or (not is_gift and name != "product")
        }


class PlacedBody(ApiBody):
    """A body that may name an order or an item, not both."""

    order = NamedRow(Order, required=False)
    item = NamedRow(Item, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "order" in given and "item" in given:
            raise ValidationError({"item": ["Give an order or an item, not both."]})
        terms = given.pop("incentive", {})
        if terms.get("discount_type") == Discount.Type.PERCENT and terms.get("value", Decimal(0)) > 100:
            raise ValidationError({"incentive": {"value": ["Give at most 100 percent."]}})
        return super().validate({**given, **terms})


class IncentiveBody(PlacedBody):
    """A discount or gift for one order or one item. On an item the target is `item`."""

    customer = NamedCustomer()
    description = OptionalText(10_000)
    expires = LocalTime(required=False, allow_null=True)
    stacking_type = serializers.ChoiceField(OneTimeIncentive.Stacking.choices, required=False)
    external_code = OptionalText()
    incentive = IncentiveTerms()

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "order" not in given and "item" not in given:
            raise ValidationError({"order": ["Give an order or an item."]})
        return super().validate(given)


class IncentiveUpdateBody(PlacedBody):
    """What is sent is changed."""

    external_code = OptionalText()
    description = OptionalText(10_000)
    incentive = IncentiveChanges(required=False)
