"""The base of all bodies, and the bodies that several kinds of objects are changed with."""

from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions.api.bodies.fields import quantity_field
from subscriptions.api.bodies.named_rows import NamedProduct, OwnRow
from subscriptions.models import Address, Payment


class ApiBody(serializers.Serializer[Any]):
    """The body of a write. It may name the merchant, which must be the credential's."""

    merchant = serializers.CharField(required=False, write_only=True)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # For an empty body under a form's content type DRF gives an empty form, where an absent boolean means false.
        return super().run_validation({} if isinstance(data, QueryDict) else data)

    def validate_merchant(self, given: str) -> str:
        if given != self.context["merchant"].public_id.hex:
            raise ValidationError("It is not the merchant the credential belongs to.")
        return given

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        given.pop("merchant", None)
        return given


class QuantityBody(ApiBody):
    quantity = quantity_field()


class ChangePaymentBody(ApiBody):
    """A payment of the same customer."""

    payment = OwnRow(Payment)


class ChangeShippingBody(ApiBody):
    """An address of the same customer."""

    shipping_address = OwnRow(Address, source="address")


class ChangeProductBody(ApiBody):
    product = NamedProduct()
