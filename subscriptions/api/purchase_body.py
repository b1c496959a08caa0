"""The body of the Purchase POST, part by part."""

import re
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions import calendar
from subscriptions.api.bodies import LAST_DAY
from subscriptions.models import Payment, Subscription
from subscriptions.placement import aes

MOST_LINES = 250
LONGEST_OFFSET = 3660  # days
SHORTEST_CARD_NUMBER = 12  # digits; fewer are the end of a masked number
REQUIRED = "This field is required."


class OptionalText(serializers.CharField):
    """Text that may be left out; then, and when it is empty, it is None."""

    def __init__(self, max_length: int = 255, **options: Any) -> None:
        super().__init__(max_length=max_length, default=None, allow_null=True, allow_blank=True, **options)

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        return super().run_validation(data) or None


class CardEnding(OptionalText):
    """The last four digits, as they are or behind a mask; a whole number is refused."""

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        text = super().run_validation(data)
        if text is None:
            return None
        if len(re.findall("[0-9]", text)) >= SHORTEST_CARD_NUMBER:
            raise ValidationError("Send the last four digits of the card only, never its whole number.")
        if not re.search("[0-9]{4}$", text):
            raise ValidationError("Give the last four digits of the card.")
        return text[-4:]


class CardExpiry(OptionalText):
    """`MM/YYYY`, clear or encrypted under the storefront key; becomes the last day the card is good for."""

    def run_validation(self, data: Any = serializers.empty) -> date | None:  # type: ignore[override]  # what it becomes
        text = super().run_validation(data)
        if text is None:
            return None
        expiry = calendar.card_expiry(text) or calendar.card_expiry(self._decrypted(text))
        if expiry is None:
            raise ValidationError("Give it as MM/YYYY, or that encrypted under the storefront key.")
        return expiry

    def _decrypted(self, text: str) -> str:
        try:
            return aes.decrypt_text(text, self.context["merchant"].storefront_key)
        except ValueError:
            return ""


class PlaceBody(serializers.Serializer[Any]):
    first_name, last_name, address, city = (serializers.CharField(max_length=255) for _ in range(4))
    state_province_code = serializers.CharField(max_length=16)
    zip_postal_code = serializers.CharField(max_length=32)
    country_code = serializers.CharField(min_length=2, max_length=2)
    phone = serializers.CharField(max_length=40, allow_blank=True)
    label = OptionalText()  # type: ignore[assignment]  # the metaclass takes fields off the class
    company_name, address2, token_id = (OptionalText() for _ in range(3))
    fax = OptionalText(40)


class ShippingBody(PlaceBody):
    store_id = serializers.UUIDField(source="store_public_id", format="hex", default=None, allow_null=True)


class UserBody(serializers.Serializer[Any]):
    """A new customer needs names and an e-mail address; a known one is not changed."""

    user_id = serializers.CharField(source="merchant_user_id", max_length=255)
    first_name, last_name = (serializers.CharField(max_length=255, required=False) for _ in range(2))
    email = serializers.EmailField(max_length=254, required=False)
    phone_number = OptionalText(40)
    price_code = OptionalText(64)
    extra_data = serializers.DictField(default=None, allow_null=True)
    shipping_address = ShippingBody(default=None, allow_null=True)
    billing_address = PlaceBody(default=None, allow_null=True)

    def validate_user_id(self, name: str) -> str:
        if "/" in name:
            raise ValidationError("The shop's id of a customer must not hold a slash.")
        return name

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        known = self.context["merchant"].customers.filter(merchant_user_id=given["merchant_user_id"])
        missing = {"first_name", "last_name", "email"} - set(given)
        if missing and not known.exists():
            raise ValidationError({name: [REQUIRED] for name in sorted(missing)})
        return given


class PaymentBody(serializers.Serializer[Any]):
    token_id = serializers.CharField(max_length=255)
    label = OptionalText()  # type: ignore[assignment]  # see above
    cc_holder = OptionalText()
    cc_type = serializers.ChoiceField(Payment.CardType.choices, default=None, allow_null=True)
    payment_method = serializers.ChoiceField(Payment.Method.choices, default=Payment.Method.CREDIT_CARD)
    cc_number = CardEnding(source="cc_number_ending")
    cc_exp_date = CardExpiry(source="expires_on")


class OverrideBody(serializers.Serializer[Any]):
    """The frequency that was chosen. A line without one was bought once and starts no subscription."""

    product = OptionalText()
    every = serializers.IntegerField(min_value=1, max_value=999, default=None, allow_null=True)
    every_period = serializers.IntegerField(
        min_value=min(calendar.Period), max_value=max(calendar.Period), default=None, allow_null=True
    )
    offer = serializers.UUIDField(format="hex", default=None, allow_null=True)


class SubscriptionBody(serializers.Serializer[Any]):
    quantity = serializers.IntegerField(min_value=1, max_value=32767, default=None, allow_null=True)
    price = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0, default=None, allow_null=True)
    first_order_place_date = serializers.DateField(
        input_formats=["%Y-%m-%d"], validators=[LAST_DAY], default=None, allow_null=True
    )
    initial_order_offset_days = serializers.IntegerField(
        min_value=0, max_value=LONGEST_OFFSET, default=None, allow_null=True
    )
    tracking_override = OverrideBody(default=None, allow_null=True)
    subscription_type = OptionalText(32)
    prepaid_orders_per_billing = serializers.IntegerField(min_value=2, max_value=99, default=None, allow_null=True)
    renewal_behavior = serializers.ChoiceField(Subscription.Renewal.choices, default=Subscription.Renewal.AUTORENEW)


class GranteeBody(serializers.Serializer[Any]):
    name, external_id = (serializers.CharField(max_length=255) for _ in range(2))


class PurchaseInfoBody(serializers.Serializer[Any]):
    """Only the grantees count here; prices are the shop's."""

    grantees = GranteeBody(many=True, default=list)


class ProductBody(serializers.Serializer[Any]):
    product = serializers.CharField(max_length=255)
    subscription_info = SubscriptionBody(default=None, allow_null=True)
    purchase_info = PurchaseInfoBody(default=None, allow_null=True)
    grantees = GranteeBody(many=True, default=list)


@extend_schema_field(ProductBody(many=True))
class Products(serializers.ListField):
    """Looked at one by one later: a wrong line must not keep the others from starting."""

    child = serializers.DictField()


class PurchaseBody(serializers.Serializer[Any]):
    """One checkout in the shop."""

    merchant_id = serializers.CharField(max_length=64)
    merchant_order_id = serializers.CharField(max_length=255)
    session_id = OptionalText()
    og_cart_tracking = serializers.BooleanField(default=True)
    user = UserBody()
    payment = PaymentBody(default=None, allow_null=True)
    products = Products(max_length=MOST_LINES)

    def validate_merchant_id(self, given: str) -> str:
        if given != self.context["merchant"].public_id.hex:
            raise ValidationError("It is not the merchant the credential belongs to.")
        return given

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["og_cart_tracking"] and given["session_id"] is None:
            raise ValidationError({"session_id": [REQUIRED]})
        return given
