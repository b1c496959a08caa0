"""The bodies that products are written with."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions.api.bodies.fields import JsonText, OptionalText, every_field, period_field, price_field
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.errors import refused
from subscriptions.models import Product, ProductGroup

MOST_GROUPS = 100  # of one product


def url_field() -> serializers.URLField:
    return serializers.URLField(max_length=1000, required=False, allow_null=True, allow_blank=True)


class GroupName(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255)
    group_type = serializers.ChoiceField(ProductGroup.Type.choices)


class ProductBody(ApiBody):
    """What is sent is changed. `type` may be sent as it is: a product keeps the one it was created with."""

    autoship_enabled = serializers.BooleanField(required=False)
    prepaid_eligible = serializers.BooleanField(required=False)
    autoship_by_default = serializers.BooleanField(required=False)
    upsell_eligible = serializers.BooleanField(required=False)
    price = price_field(required=False)
    type = serializers.ChoiceField(Product.Type.choices, source="product_type", required=False)


class ProductRowBody(ApiBody):
    """A product of a batch. `groups` replace those it has."""

    product_id = serializers.CharField(max_length=255, source="external_product_id")
    name = serializers.CharField(max_length=255, required=False)
    sku = OptionalText()
    price = price_field(required=False)
    live = serializers.BooleanField(required=False)
    image_url, detail_url = url_field(), url_field()
    autoship_enabled = serializers.BooleanField(required=False)
    prepaid_eligible = serializers.BooleanField(required=False)
    discontinued = serializers.BooleanField(required=False)
    autoship_by_default = serializers.BooleanField(required=False)
    product_type = serializers.ChoiceField(Product.Type.choices, required=False)
    every = every_field(required=False, allow_null=True)
    every_period = period_field(required=False, allow_null=True)
    premier_enabled = serializers.ChoiceField(Product.Premier.choices, required=False)
    extra_data = JsonText(required=False)
    groups = serializers.ListField(child=GroupName(), required=False, max_length=MOST_GROUPS)

    def validate_product_id(self, given: str) -> str:
        if "/" in given:
            raise ValidationError("The shop's id of a product must not hold a slash.")
        return given

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        for name in ("image_url", "detail_url"):
            if name in given:
                given[name] = given[name] or None
        if "groups" in given:
            given["groups"] = frozenset((each["group_type"], each["name"]) for each in given["groups"])
        return super().validate(given)


def require_type(product: Product, product_type: str | None) -> None:
    if product_type not in (None, product.product_type):
        raise refused("product_type_fixed")
