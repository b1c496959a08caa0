"""The body of the Purchase POST, part by part."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.web.public_ids import parse_public_id
from subscriptions import calendar
from subscriptions.api.bodies.fields import LAST_DAY, CountryCode
from subscriptions.api.card_data import CardEnding, CardExpiry, CardText
from subscriptions.api.lenient_body import (
    ExtraData,
    LenientBody,
    LooseChoice,
    LooseNumber,
    OptionalAmount,
    OptionalDay,
    OptionalId,
    OptionalNumber,
    OptionalText,
    decode_text,
)
from subscriptions.models import Payment

MOST_LINES = 250
LONGEST_OFFSET = 3660  # days
REQUIRED = "This field is required."


class PlaceBody(LenientBody):
    """An address. There are places without states or postal codes, and people without a second name."""

    first_name, address, city = (serializers.CharField(max_length=255) for _ in range(3))
    last_name = OptionalText(absent="")
    state_province_code = OptionalText(absent="")
    zip_postal_code = OptionalText(32, absent="")
    country_code = CountryCode()
    phone = OptionalText(40, absent="")
    label = OptionalText()  # type: ignore[assignment]  # the metaclass takes fields off the class
    company_name, address2, token_id = (OptionalText() for _ in range(3))
    fax = OptionalText(40)


class ShippingBody(PlaceBody):
    store_id = OptionalId(source="store_public_id")


class UserBody(LenientBody):
    """A new customer needs names and an e-mail address; what is said of a known one is not read, nor changed."""

    user_id = serializers.CharField(source="merchant_user_id", max_length=255)
    first_name = serializers.CharField(max_length=255, required=False)
    last_name = serializers.CharField(max_length=255, required=False, allow_blank=True, allow_null=True)
    email = serializers.EmailField(max_length=254, required=False)
    phone_number = OptionalText(40)
    price_code = OptionalText(64)
    extra_data = ExtraData()
    shipping_address = ShippingBody(default=None, allow_null=True)
    billing_address = PlaceBody(default=None, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        known = self.context["merchant"].customers.filter(merchant_user_id=_find_user_id(data))
        if is_known := known.exists():
            data = {name: data[name] for name in ("user_id", "shipping_address", "billing_address") if name in data}
        given = super().to_internal_value(data)
        missing = {"first_name", "last_name", "email"} - set(given)
        if missing and not is_known:
            raise ValidationError({name: [REQUIRED] for name in sorted(missing)})
        return given | {"last_name": given.get("last_name") or ""}

    def validate_user_id(self, name: str) -> str:
        if "/" in name:
            raise ValidationError("The shop's id of a customer must not hold a slash.")
        return name


def _find_user_id(data: Any) -> str:
    return str(data.get("user_id", "")).strip() if isinstance(data, dict) else ""


class PaymentMethod(LooseChoice):
    """One of ours, or the shop's own name of another method, which the order post repeats."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        known = super().run_validation(data)
        own_name = data.strip()[:16] if isinstance(data, str) else ""
        return known or own_name or Payment.Method.CREDIT_CARD


class PaymentBody(LenientBody):
    token_id = serializers.CharField(max_length=255)
    label = OptionalText()  # type: ignore[assignment]  # see above
    cc_holder = CardText()
    cc_type = LooseChoice(Payment.CardType.choices, default=None, allow_null=True)
    payment_method = PaymentMethod(Payment.Method.choices, default=None)
    cc_number = CardEnding(source="cc_number_ending")
    cc_exp_date = CardExpiry(source="expires_on")


class OverrideBody(LenientBody):
    """The frequency that was chosen. A line without one was bought once and starts no subscription."""

    product = OptionalText()
    every = OptionalNumber(1, 999)
    every_period = OptionalNumber(min(calendar.Period), max(calendar.Period))
    offer = OptionalText()
    session_id = OptionalText()


class SubscriptionBody(LenientBody):
    quantity = OptionalNumber(1, 32767)
    price = OptionalAmount()
    first_order_place_date = OptionalDay(validators=[LAST_DAY])
    initial_order_offset_days = OptionalNumber(0, LONGEST_OFFSET)
    tracking_override = OverrideBody(default=None, allow_null=True)
    subscription_type = OptionalText()
    prepaid_orders_per_billing = OptionalNumber(0, 99)
    renewal_behavior = OptionalText()
    extra_data = ExtraData()


class GranteeBody(LenientBody):
    name, external_id = (serializers.CharField(max_length=255) for _ in range(2))


class PurchaseInfoBody(LenientBody):
    """Only the grantees count here, and the quantity of a line that names none itself; prices are the shop's."""

    quantity = LooseNumber(1, 32767)
    grantees = GranteeBody(many=True, default=list)


class LineBody(LenientBody):
    product = serializers.CharField(max_length=255)
    subscription_info = SubscriptionBody(default=None, allow_null=True)
    purchase_info = PurchaseInfoBody(default=None, allow_null=True)
    grantees = GranteeBody(many=True, default=list)


class OptInBody(LenientBody):
    """What a shopper chose on a product page."""

    product = serializers.CharField(max_length=255)
    subscription_info = SubscriptionBody(default=None, allow_null=True)
    tracking_override = OverrideBody(default=None, allow_null=True)


@extend_schema_field(LineBody(many=True))
class Products(serializers.ListField):
    """Looked at one by one later: a wrong line must not keep the others from starting."""

    child = serializers.DictField()


@extend_schema_field(OptInBody(many=True))
class OptIns(serializers.ListField):
    """A list, or its JSON as a text. Looked at with the lines that they join."""

    child = serializers.DictField()

    def to_internal_value(self, data: Any) -> Any:
        value = decode_text(data)
        return super().to_internal_value([value] if isinstance(value, dict) and value else value or [])


class PurchaseBody(LenientBody):
    """One checkout in the shop."""

    merchant_id = serializers.CharField(max_length=64)
    merchant_order_id = serializers.CharField(max_length=255)
    session_id = OptionalText()
    og_cart_tracking = serializers.BooleanField(default=True)
    user = UserBody()
    payment = PaymentBody(default=None, allow_null=True)
    products = Products(max_length=MOST_LINES)
    tracking = OptIns(max_length=MOST_LINES, default=list)

    def validate_merchant_id(self, given: str) -> str:
        if parse_public_id(given, any_spelling=True) != self.context["merchant"].public_id:
            raise ValidationError("It is not the merchant the credential belongs to.")
        return given

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        # Opt-ins in the request need no session to be found by.
        if given["og_cart_tracking"] and not given["tracking"] and given["session_id"] is None:
            raise ValidationError({"session_id": [REQUIRED]})
        return given
