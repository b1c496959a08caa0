"""The bodies that customers, their addresses and their payments are written with."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions.api.bodies.fields import CountryCode, ExpiryText, JsonText, LocalTime, OptionalText
from subscriptions.api.bodies.named_rows import NamedCustomer, NamedRow
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.models import Address, Customer, Payment
from subscriptions.normal_forms import parse_locale


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
