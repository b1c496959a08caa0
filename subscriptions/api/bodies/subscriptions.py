"""The bodies that subscriptions are changed with."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions.actions.subscription import REASON_LENGTH
from subscriptions.api.bodies.fields import (
    JsonText,
    RenewalChoice,
    day_field,
    every_field,
    period_field,
    price_field,
    quantity_field,
)
from subscriptions.api.bodies.named_rows import NamedCustomer, NamedProduct, NamedRow
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.models import Address, Item, Offer, Order, Payment


class OfferOrLive(NamedRow):
    def to_internal_value(self, data: Any) -> Any:
        return data if data == "live" else super().to_internal_value(data)


class CancelBody(ApiBody):
    """Why the subscription is cancelled, if known."""

    cancel_reason = serializers.CharField(
        source="reason",
        default="",
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        max_length=REASON_LENGTH,
        help_text="`code|text`, stored as it is.",
    )

    def validate_cancel_reason(self, given: str | None) -> str:
        return given or ""


class ReactivateBody(ApiBody):
    """How the subscription continues."""

    every = every_field()
    every_period = period_field()
    start_date = day_field()
    next_order_date = day_field(
        required=False,
        help_text="Today or later. Without it, the first order comes at `start_date` plus the frequency.",
    )


class FrequencyBody(ApiBody):
    every = every_field()
    every_period = period_field()


class OrderDateBody(ApiBody):
    """Tomorrow or later."""

    order_date = day_field(source="day")


class ReminderBody(ApiBody):
    reminder_days = serializers.IntegerField(source="days", min_value=5, max_value=365)


class SubscriptionUpdateBody(ApiBody):
    """What is sent is changed. `price` is for API keys only; null unlocks it."""

    extra_data = JsonText(required=False)
    offer = NamedRow(Offer, required=False, allow_null=True)
    cancel_reason = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, trim_whitespace=False, max_length=REASON_LENGTH
    )
    price = price_field(required=False, allow_null=True)


class UpsellSubscriptionBody(ApiBody):
    """A subscription whose first item is put into an order."""

    customer = NamedCustomer()
    product = NamedProduct()
    offer = NamedRow(Offer, allow_null=True)
    order = NamedRow(Order)
    payment = NamedRow(Payment)
    shipping_address = NamedRow(Address, source="address")
    quantity = quantity_field()
    every = every_field()
    every_period = period_field()
    price = price_field(required=False, allow_null=True)
    session_id = serializers.CharField(required=False, allow_null=True, max_length=255)
    extra_data = JsonText(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        customer = given.pop("customer")
        others = [name for name in ("order", "payment", "address") if given[name].customer_id != customer.pk]
        if others:
            name = "shipping_address" if others[0] == "address" else others[0]
            raise ValidationError({name: [f"It belongs to another customer than {customer.merchant_user_id}."]})
        return super().validate(given)


class SubscribeItemBody(ApiBody):
    """A one-time item that becomes the first item of a subscription."""

    item = NamedRow(Item)
    every = every_field()
    every_period = period_field()
    offer = NamedRow(Offer, required=False, allow_null=True)


class UpgradeBody(ApiBody):
    """`offer` is an id, or `live` for the subscription's own."""

    orders_per_billing = serializers.IntegerField(min_value=2, max_value=99)
    renewal_behavior = RenewalChoice(required=False)
    offer = OfferOrLive(Offer, required=False, allow_null=True)


class RenewalBody(ApiBody):
    renewal_behavior = RenewalChoice()


class PrepaidBody(ApiBody):
    """What is sent is changed."""

    orders_per_billing = serializers.IntegerField(min_value=2, max_value=99, required=False)
    orders_remaining = serializers.IntegerField(min_value=0, max_value=99, required=False)
    renewal_behavior = RenewalChoice(required=False)
