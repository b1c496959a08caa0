"""The objects of the API, key by key; a key is there even when its value is null."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from subscriptions import calendar
from subscriptions.api.fields import (
    STAMP,
    Day,
    Fixed,
    Flag,
    Id,
    JsonText,
    Mapping,
    MerchantId,
    Money,
    Null,
    Number,
    Ref,
    Stamp,
    Text,
)
from subscriptions.models import Order, Subscription


class Object(serializers.Serializer[Any]):
    # Keys that come or go by a query boolean: its name, and the value of it that shows the key.
    optional: dict[str, tuple[str, bool]] = {}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        options = self.context.get("options")
        if options is None:
            return fields
        hidden = {key for key, (option, shown) in self.optional.items() if options[option] is not shown}
        return {key: field for key, field in fields.items() if key not in hidden}


class CustomerSerializer(Object):
    """`live`: has a live subscription."""

    merchant = MerchantId()
    id = Number()
    merchant_user_id = Text()
    session_id = Text(allow_null=True)
    user_token_id = Text()
    first_name = Text()
    last_name = Text()
    email = Text()
    phone_number = Text(allow_null=True)
    phone_type = Number(allow_null=True)
    live = Flag()
    created = Stamp()
    last_updated = Stamp()
    last_login = Stamp(allow_null=True)
    extra_data = JsonText(allow_null=True)
    locale = Text()
    price_code = Text(allow_null=True)


class PrepaidSerializer(Object):
    """What is paid for in advance."""

    prepaid_orders_remaining = Number()
    prepaid_orders_per_billing = Number()
    renewal_behavior = Text()
    last_renewal_revenue = serializers.FloatField(read_only=True, allow_null=True)
    prepaid_origin_merchant_order_id = Text(allow_null=True)


class GranteeSerializer(Object):
    """A person the subscriber shares with."""

    external_id = Text()
    name = Text()


class SubscriptionSerializer(Object):
    """`price` is set only when locked; `frequency_days` reckons months as 30 days and years as 365."""

    customer = Text(source="customer.merchant_user_id")
    merchant = MerchantId()
    product = Text(source="product.external_product_id")
    payment = Ref()
    shipping_address = Ref()
    offer = Ref(allow_null=True)
    subscription_type = Fixed("replenishment")
    raw_subscription_type = Text()
    components = Fixed([])
    extra_data = Mapping()
    public_id = Id()
    quantity = Number()
    price = Money(allow_null=True)
    frequency_days = Number()
    reminder_days = Number()
    every = Number()
    every_period = Number()
    start_date = Day()
    cancelled = Stamp(allow_null=True)
    cancel_reason = Text(allow_null=True)
    iteration = Null()
    sequence = Null()
    session_id = Text(allow_null=True)
    merchant_order_id = Text(allow_null=True)
    created = Stamp()
    updated = Stamp()
    live = Flag()
    external_id = Text(allow_null=True)
    product_attribute = Null()
    cancel_reason_code = Number(allow_null=True)
    customer_rep = Text(allow_null=True)
    club = Null()
    queued_actions = Fixed([])
    prepaid_subscription_context = serializers.SerializerMethodField()
    currency_code = Text()
    free_trial_subscription_context = Null()
    grantees = serializers.SerializerMethodField()

    @extend_schema_field(PrepaidSerializer(allow_null=True))
    def get_prepaid_subscription_context(self, row: Subscription) -> Any:
        return PrepaidSerializer(row).data if row.has_prepaid else None

    @extend_schema_field(GranteeSerializer(many=True))
    def get_grantees(self, row: Subscription) -> Any:
        shared = {person.external_id: person for held in row.entitlements.all() for person in held.grantees.all()}
        return GranteeSerializer(list(shared.values()), many=True).data


@extend_schema_field(STAMP)
class Place(Stamp):
    """Midnight of the planned day; once tried, the time it was."""

    def get_attribute(self, row: Order) -> Any:
        return row.tried_at or calendar.midnight(row.place_date, self.merchant.time_zone)


@extend_schema_field({"type": "string"})
class Rejection(JsonText):
    def get_attribute(self, row: Order) -> Any:
        if row.rejected_message is None:
            return None
        return {"message": row.rejected_message, "code": row.rejected_error_code}


class OrderSerializer(Object):
    """`sub_total` is after discounts; `total` = `sub_total` + `shipping_total`."""

    optional = {"has_plan": ("include_has_plan", True)}

    merchant = MerchantId()
    customer = Text(source="customer.merchant_user_id")
    payment = Ref()
    shipping_address = Ref()
    public_id = Id()
    sub_total = Money()
    tax_total = Money()
    shipping_total = Money()
    discount_total = Money()
    total = Money()
    created = Stamp()
    updated = Stamp()
    place = Place()
    cancelled = Stamp(allow_null=True)
    tries = Number()
    generic_error_count = Number()
    status = Number()
    type = Fixed(1)
    order_merchant_id = Text(allow_null=True)
    rejected_message = Rejection(allow_null=True)
    rejected_error_code = Text(allow_null=True)
    extra_data = Mapping(allow_null=True)
    locked = Flag()
    oos_free_shipping = Flag()
    currency_code = Text()
    has_plan = Flag()


class ItemSerializer(Object):
    """`price` is the unit's list price, `total_price` the line after discounts."""

    optional = dict.fromkeys(("price", "extra_cost", "total_price"), ("omit_price_calculation", False))

    order = Ref()
    offer = Ref(allow_null=True)
    subscription = Ref(allow_null=True)
    product = Text(source="product.external_product_id")
    components = Fixed([])
    subscription_component = Null()
    quantity = Number()
    public_id = Id()
    product_attribute = Null()
    price = Money()
    extra_cost = Money()
    total_price = Money()
    one_time = Flag()
    frozen = Flag()
    first_placed = Stamp(allow_null=True)
    order_updated = Stamp(source="order.updated")


class CancelReasonSerializer(Object):
    """`cancel_reason` is the number that leads a subscription's `cancel_reason`."""

    cancel_reason = Number(source="code")
    application = Text()
    label = Text()  # type: ignore[assignment]  # DRF has an attribute of this name, fields have not
