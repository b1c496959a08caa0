"""The bodies that writes accept; unknown keys are ignored. Each `source` is the name of the action's input."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.web.json_body import decode_json, remove_unstorable_characters
from subscriptions import calendar
from subscriptions.actions.checks import LARGEST_SMALL_INTEGER
from subscriptions.actions.subscription import REASON_LENGTH
from subscriptions.api.row_fields import ApiBody, NamedCustomer, NamedProduct, NamedRow, OwnRow
from subscriptions.calendar import Period
from subscriptions.models import Address, Customer, Item, Offer, Order, Payment, Subscription
from subscriptions.normal_forms import parse_country, parse_locale
from subscriptions.objects.values import write_json
from subscriptions.placement.results import LONGEST_REPLY

LAST_DAY = MaxValueValidator(calendar.LAST_DAY)
LOCAL_TIME_PATTERN = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d)?$"
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


@extend_schema_field(
    {"type": ["string", "number"], "pattern": r"^\d{1,10}(\.\d{1,2})?$", "minimum": 0, "example": "12.50"}
)
class Amount(serializers.DecimalField):
    """Money, as text or as a number."""


def price_field(**options: Any) -> serializers.DecimalField:
    return Amount(max_digits=12, decimal_places=2, min_value=0, **options)


class OptionalText(serializers.CharField):
    """A text that may be left out; an empty one counts as null."""

    def __init__(self, longest: int = 255, **options: Any) -> None:
        super().__init__(max_length=longest, required=False, allow_null=True, allow_blank=True, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data) or None


@extend_schema_field({"type": "string", "pattern": LOCAL_TIME_PATTERN, "example": "2026-11-20 09:30:00"})
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


@extend_schema_field({"type": ["object", "string"], "additionalProperties": True})
class JsonText(serializers.JSONField):
    """An object, or its JSON as a text; null for none, where `allow_null` says so."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            value = decode_json(data.encode()) if isinstance(data, str) else data
        except ValueError:
            value = data
        if not isinstance(value, dict) or remove_unstorable_characters(value) != value:
            raise ValidationError(f"Invalid JSON extra_data: {data if isinstance(data, str) else write_json(data)}")
        return value


@extend_schema_field({"type": "string", "pattern": "^[A-Za-z]{2}$", "example": "US"})
class CountryCode(serializers.CharField):
    """Two letters of ISO 3166, in any case."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        code = parse_country(text)
        if code is None:
            raise ValidationError(f"There is no country {text[:40]}; give two letters, such as US.")
        return code


@extend_schema_field({"type": "string", "pattern": r"^\d{1,2}/(\d{4}|\d\d)$", "example": "12/2030"})
class ExpiryText(serializers.CharField):
    """`MM/YYYY`, `M/YYYY` or `MM/YY`; becomes the last day on which the card is valid."""

    def to_internal_value(self, data: Any) -> Any:
        expiry = calendar.card_expiry(super().to_internal_value(data))
        if expiry is None:
            raise ValidationError("Give it as MM/YYYY.")
        return expiry


class RenewalChoice(serializers.ChoiceField):
    default_error_messages = {
        "invalid_choice": "Value '{input}' is not a valid choice.",
        "null": "This field cannot be null.",
    }

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


class ChangePaymentBody(ApiBody):
    """A payment of the same customer."""

    payment = OwnRow(Payment)


class ChangeShippingBody(ApiBody):
    """An address of the same customer."""

    shipping_address = OwnRow(Address, source="address")


class ChangeProductBody(ApiBody):
    product = NamedProduct()


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


class CustomerUpdateBody(ApiBody):
    """What is sent is changed."""

    extra_data = JsonText(required=False, allow_null=True)
    locale = serializers.CharField(required=False, max_length=64, error_messages={"blank": "Invalid locale: "})
    price_code = OptionalText(64)

    def validate_locale(self, given: str) -> str:
        locale = parse_locale(given)
        if locale is None:
            raise ValidationError(f"Invalid locale: {given}")
        return locale


class ContactBody(ApiBody):
    email = serializers.EmailField(max_length=254)
    phone_number = serializers.CharField(max_length=40, allow_blank=True, allow_null=True)


PHONE_TYPES = dict(Customer.PhoneType.choices)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "enum": list(PHONE_TYPES)},
            {"type": "string", "enum": list(PHONE_TYPES.values())},
        ]
    }
)
class PhoneType(serializers.ChoiceField):
    """A number, or its name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Customer.PhoneType.choices, **options)

    def to_internal_value(self, data: Any) -> Any:
        named = {label: value for value, label in Customer.PhoneType.choices}
        return super().to_internal_value(named.get(str(data).lower(), data))


@extend_schema_field({"type": ["string", "integer"], "minimum": 1, "maximum": 46, "example": "fr-ca"})
class AnyLocale(serializers.JSONField):
    """A language and country, or a number for them."""


class CustomerBody(CustomerUpdateBody):
    """A new customer."""

    merchant_user_id = serializers.CharField(max_length=255)
    first_name, last_name = (serializers.CharField(max_length=255) for _ in range(2))
    email = serializers.EmailField(max_length=254)
    locale: Any = AnyLocale(required=False, help_text="Such as `fr-ca`, or a number of 1 to 46.")
    session_id = OptionalText()
    user_token_id = serializers.CharField(max_length=255, required=False, allow_blank=True)
    phone_number = OptionalText(40)
    phone_type = PhoneType(required=False, allow_null=True)
    created = LocalTime(required=False)
    last_login = LocalTime(required=False, allow_null=True)
    experiences = serializers.CharField(required=False, allow_null=True, allow_blank=True)

    def validate_merchant_user_id(self, given: str) -> str:
        if "/" in given:
            raise ValidationError("The shop's id of a customer must not hold a slash.")
        return given

    def validate_locale(self, given: Any) -> str:
        if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= 46:
            # 1 is en-us; what the other numbers mean is not published.
            default: str = self.context["merchant"].locale
            return "en-us" if given == 1 else default
        return super().validate_locale(str(given))


class AddressBody(ApiBody):
    """A new address."""

    customer = NamedCustomer()
    address_type = serializers.ChoiceField(Address.Type.choices)
    first_name, last_name, address, city = (serializers.CharField(max_length=255) for _ in range(4))
    state_province_code = serializers.CharField(max_length=255, allow_blank=True)
    zip_postal_code = serializers.CharField(max_length=32, allow_blank=True)
    country_code = CountryCode()
    phone = serializers.CharField(max_length=40, allow_blank=True)
    label = OptionalText()  # type: ignore[assignment]  # the metaclass takes fields off the class
    company_name, address2, token_id = (OptionalText() for _ in range(3))
    fax = OptionalText(40)


class AddressUpdateBody(ApiBody):
    """`live` and `label` change; the other keys may be sent as they are."""

    live = serializers.BooleanField(required=False)
    label = OptionalText()  # type: ignore[assignment]  # see above
    country_code = CountryCode(required=False)
    customer, address_type, phone, fax, zip_postal_code = (OptionalText() for _ in range(5))
    first_name, last_name, address, city, company_name, address2, token_id = (OptionalText() for _ in range(7))
    state_province_code = OptionalText()

    def validate_label(self, given: str | None) -> str:
        return given or ""


class PaymentCreateBody(ApiBody):
    """A new payment. Of a card, only the last four digits are taken."""

    customer = NamedCustomer()
    cc_number_ending = serializers.RegexField(
        "^[0-9]{4}$", error_messages={"invalid": "Give the last four digits of the card, never more."}
    )
    token_id = serializers.CharField(max_length=255)
    cc_holder, label = OptionalText(), OptionalText()  # type: ignore[assignment]  # see above
    cc_exp_date = ExpiryText(source="expires_on", required=False, allow_null=True)
    billing_address = NamedRow(Address, required=False, allow_null=True)
    cc_type = serializers.ChoiceField(Payment.CardType.choices, required=False, allow_null=True)
    payment_method = serializers.ChoiceField(Payment.Method.choices, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        billing, customer = given.get("billing_address"), given["customer"]
        if billing and billing.customer_id != customer.pk:
            raise ValidationError({"billing_address": ["It belongs to another customer."]})
        return super().validate(given)


class LiveBody(ApiBody):
    live = serializers.BooleanField()
