"""The bodies that writes accept; unknown keys are ignored. Each `source` is the name of the action's input."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions import calendar
from subscriptions.actions.checks import LARGEST_SMALL_INTEGER
from subscriptions.actions.subscription import REASON_LENGTH
from subscriptions.api.row_fields import ApiBody, NamedCustomer, NamedProduct, NamedRow, OwnRow
from subscriptions.calendar import Period
from subscriptions.models import Address, Item, Offer, Order, Payment, Subscription

LAST_DAY = MaxValueValidator(calendar.LAST_DAY)
TIME_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


def day_field(**options: Any) -> serializers.DateField:
    return serializers.DateField(input_formats=["%Y-%m-%d"], validators=[LAST_DAY], **options)


def every_field(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=999, **options)


def period_field(**options: Any) -> serializers.IntegerField:
    text = "1 days, 2 weeks, 3 months, 4 years."
    return serializers.IntegerField(min_value=min(Period), max_value=max(Period), help_text=text, **options)


def quantity_field(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LARGEST_SMALL_INTEGER, **options)


def price_field(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0, **options)


class LocalTime(serializers.DateTimeField):
    """A time without a zone, which is in the merchant's; a date means its midnight."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=TIME_FORMATS, **options)

    def enforce_timezone(self, value: datetime) -> datetime:
        return value.replace(tzinfo=ZoneInfo(self.context["merchant"].time_zone))

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        LAST_DAY(moment.date())
        return moment


class RenewalChoice(serializers.ChoiceField):
    default_error_messages = {"invalid_choice": "Value '{input}' is not a valid choice."}

    def __init__(self, **options: Any) -> None:
        super().__init__(Subscription.Renewal.choices, **options)


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


class QuantityBody(ApiBody):
    quantity = quantity_field()


class FrequencyBody(ApiBody):
    every = every_field()
    every_period = period_field()


class OrderDateBody(ApiBody):
    """Tomorrow or later."""

    order_date = day_field(source="day")


class PaymentBody(ApiBody):
    """A payment of the same customer."""

    payment = OwnRow(Payment)


class ShippingBody(ApiBody):
    """An address of the same customer."""

    shipping_address = OwnRow(Address, source="address")


class ProductBody(ApiBody):
    product = NamedProduct()


class ReminderBody(ApiBody):
    reminder_days = serializers.IntegerField(source="days", min_value=5, max_value=365)


class SubscriptionUpdateBody(ApiBody):
    """What is sent is changed. `price` is for API keys only; null unlocks it."""

    extra_data = serializers.DictField(required=False)
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
    extra_data = serializers.DictField(required=False)

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


class NamedSubscriptionBody(ApiBody):
    subscription = OwnRow(Subscription)


class PlaceBody(ApiBody):
    """Today or later; the time of day does not count."""

    place = LocalTime(source="day")

    def validate_place(self, moment: datetime) -> date:
        return moment.date()


class RetryBody(ApiBody):
    place = LocalTime(source="at", help_text="When the order is tried again; not in the past.")


class RescueBody(ApiBody):
    place = LocalTime(source="at", required=False, help_text="When the order is tried again; now by default.")


class OrderUpdateBody(ApiBody):
    extra_data = serializers.DictField()


class AddItemBody(ApiBody):
    """A product for one order, once."""

    order = NamedRow(Order)
    product = NamedProduct()
    quantity = quantity_field()
    offer = NamedRow(Offer, required=False, allow_null=True)


class ItemPriceBody(ApiBody):
    price = price_field()


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
