"""The bodies that orders and their items are changed with."""

from datetime import date, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions.api.bodies.fields import LAST_DAY, JsonText, LocalTime, OptionalText, price_field, quantity_field
from subscriptions.api.bodies.named_rows import NamedCustomer, NamedProduct, NamedRow, OwnRow
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.models import Address, Offer, Order, Payment, Subscription
from subscriptions.placement.results import LONGEST_REPLY


class NamedSubscriptionBody(ApiBody):
    subscription = OwnRow(Subscription)


class PlaceDateBody(ApiBody):
    """Today or later; the time of day does not count."""

    place = LocalTime(source="day")

    def validate_place(self, moment: datetime) -> date:
        return moment.date()


class RetryBody(ApiBody):
    place = LocalTime(source="at", help_text="When the order is tried again; not in the past.")


class RescueBody(ApiBody):
    place = LocalTime(source="at", required=False, help_text="When the order is tried again; now by default.")


class OrderUpdateBody(ApiBody):
    extra_data = JsonText(allow_null=True)


class FinalAnswerBody(ApiBody):
    """The answer that the platform did not give in time, as it would answer an order post in XML."""

    response_xml = OptionalText(LONGEST_REPLY)
    processing_response_id = OptionalText(help_text="The order's id on the platform; the answer's own counts.")
    idempotency_key = OptionalText(help_text="Like the header `Idempotency-Key`, which has precedence.")


class AddItemBody(ApiBody):
    """A product for one order, once."""

    order = NamedRow(Order)
    product = NamedProduct()
    quantity = quantity_field()
    offer = NamedRow(Offer, required=False, allow_null=True)


class CreateItemBody(ApiBody):
    """A product for the order of one day, once."""

    merchant_id = serializers.CharField(required=False, write_only=True)
    customer_id = NamedCustomer(source="customer")
    product_id = NamedProduct(source="product")
    offer_id = NamedRow(Offer, source="offer", allow_null=True)
    payment_id = NamedRow(Payment, source="payment")
    shipping_id = NamedRow(Address, source="address")
    quantity = quantity_field()
    place_date = serializers.DateField(
        source="day", input_formats=["%m/%d/%Y"], validators=[LAST_DAY], help_text="MM/DD/YYYY, today or later."
    )

    def validate_merchant_id(self, given: str) -> str:
        return self.validate_merchant(given)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        given.pop("merchant_id", None)
        for name, key in (("payment", "payment_id"), ("address", "shipping_id")):
            if given[name].customer_id != given["customer"].pk:
                raise ValidationError({key: ["It belongs to another customer."]})
        return super().validate(given)


class ItemPriceBody(ApiBody):
    price = price_field()
