"""The objects of the API as read-only serializers for DRF's views."""

from functools import cached_property
from typing import Any, ClassVar

from rest_framework import serializers

from subscriptions.models import Merchant
from subscriptions.objects.customers import ADDRESS, CHANGED_CUSTOMER, CONTACT, CREATED_CUSTOMER, CUSTOMER, PAYMENT
from subscriptions.objects.entitlements import ENTITLEMENT, RESOURCE
from subscriptions.objects.merchants import CANCEL_REASON
from subscriptions.objects.object_type import ObjectType
from subscriptions.objects.offers import OFFER_PROFILE, OFFER_PROFILE_ON_REQUEST, ONE_TIME_INCENTIVE
from subscriptions.objects.orders import ITEM, ORDER, PLACEMENT_RESPONSE
from subscriptions.objects.products import PRODUCT, PRODUCT_GROUP, RELATIONSHIP
from subscriptions.objects.subscriptions import SUBSCRIPTION


class ObjectSerializer(serializers.BaseSerializer[Any]):
    """Writes rows as `object_type`; `schema.ObjectDescription` describes it."""

    object_type: ClassVar[ObjectType]
    # Keys that a query boolean shows or hides: the boolean's name, and the value that shows the key.
    optional: ClassVar[dict[str, tuple[str, bool]]] = {}

    def to_representation(self, row: Any) -> dict[str, Any]:
        return self._shown.write(row, self._merchant)

    # Both are computed once per answer, which may have a hundred rows.
    @cached_property
    def _merchant(self) -> Merchant:
        merchant: Merchant = self.context["merchant"]
        return merchant

    @cached_property
    def _shown(self) -> ObjectType:
        options = self.context["options"]
        return self.object_type.without(
            key for key, (option, shown) in self.optional.items() if options.get(option, False) is not shown
        )


class CustomerSerializer(ObjectSerializer):
    object_type = CUSTOMER


class CreatedCustomerSerializer(ObjectSerializer):
    object_type = CREATED_CUSTOMER


class ChangedCustomerSerializer(ObjectSerializer):
    object_type = CHANGED_CUSTOMER


class ContactSerializer(ObjectSerializer):
    object_type = CONTACT


class AddressSerializer(ObjectSerializer):
    object_type = ADDRESS


class PaymentSerializer(ObjectSerializer):
    object_type = PAYMENT


class SubscriptionSerializer(ObjectSerializer):
    object_type = SUBSCRIPTION


class OrderSerializer(ObjectSerializer):
    object_type = ORDER
    optional = {"has_plan": ("include_has_plan", True)}


class ItemSerializer(ObjectSerializer):
    object_type = ITEM
    optional = dict.fromkeys(("price", "extra_cost", "total_price"), ("omit_price_calculation", False))


class PlacementResponseSerializer(ObjectSerializer):
    object_type = PLACEMENT_RESPONSE


class CancelReasonSerializer(ObjectSerializer):
    object_type = CANCEL_REASON


class ProductSerializer(ObjectSerializer):
    object_type = PRODUCT
    optional = {
        "product_selection_rules": ("include_product_selection_rules", True),
        "product_resource_grants": ("include_product_resource_grants", True),
    }


class ProductGroupSerializer(ObjectSerializer):
    object_type = PRODUCT_GROUP


class RelationshipSerializer(ObjectSerializer):
    object_type = RELATIONSHIP


class OfferProfileSerializer(ObjectSerializer):
    object_type = OFFER_PROFILE


class OfferProfileOnRequestSerializer(ObjectSerializer):
    object_type = OFFER_PROFILE_ON_REQUEST


class OneTimeIncentiveSerializer(ObjectSerializer):
    object_type = ONE_TIME_INCENTIVE


class ResourceSerializer(ObjectSerializer):
    object_type = RESOURCE


class EntitlementSerializer(ObjectSerializer):
    object_type = ENTITLEMENT
