"""Rows for tests, made through the models; a factory never crosses merchants by itself."""

from datetime import date, timedelta
from decimal import Decimal

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from integrations.models import Connection
from oneclick.models import LandingPage, OneClickSettings
from subscriptions import calendar
from subscriptions.actions import orders
from subscriptions.actions.core import ActionContext
from subscriptions.actors import Actor, ActorKind
from subscriptions.models import (
    Address,
    CancelReason,
    Customer,
    Item,
    Membership,
    Merchant,
    Order,
    Payment,
    Product,
    Role,
    Subscription,
)

STAFF = Actor(ActorKind.STAFF, "1", "Sam Staff")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence("staff{}".format)
    password = factory.LazyFunction(lambda: make_password("correct horse"))
    is_staff = True


class MerchantFactory(DjangoModelFactory):
    class Meta:
        model = Merchant
        skip_postgeneration_save = True

    name = factory.Sequence("Merchant {}".format)
    shop_url = "https://shop.test"
    is_test = True
    one_click = factory.RelatedFactory("tests.factories.OneClickSettingsFactory", "merchant")
    landing_page = factory.RelatedFactory("tests.factories.LandingPageFactory", "merchant")


class OneClickSettingsFactory(DjangoModelFactory):
    class Meta:
        model = OneClickSettings

    merchant = factory.SubFactory(MerchantFactory, one_click=None)
    shop_origins = ["https://shop.test"]


class LandingPageFactory(DjangoModelFactory):
    class Meta:
        model = LandingPage

    merchant = factory.SubFactory(MerchantFactory, landing_page=None)
    slug = "welcome"
    name = "Welcome back"
    title = "Welcome back"
    heading = "Good to see you"
    is_default = True


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    merchant = factory.SubFactory(MerchantFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OWNER


class CancelReasonFactory(DjangoModelFactory):
    class Meta:
        model = CancelReason

    merchant = factory.SubFactory(MerchantFactory)
    code = 4
    label = "Overstocked"


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    merchant = factory.SubFactory(MerchantFactory)
    merchant_user_id = factory.Sequence("C-{}".format)
    first_name = "Ana"
    last_name = "Ruiz"
    email = factory.Sequence("ana{}@shop.test".format)
    phone_number = "+15013299800"


class AddressFactory(DjangoModelFactory):
    class Meta:
        model = Address

    customer = factory.SubFactory(CustomerFactory)
    merchant = factory.SelfAttribute("customer.merchant")
    first_name = "Ana"
    last_name = "Ruiz"
    address = "1 Main Street"
    city = "Little Rock"
    state_province_code = "AR"
    zip_postal_code = "72201"
    country_code = "US"
    phone = "+15013299800"


class PaymentFactory(DjangoModelFactory):
    class Meta:
        model = Payment

    customer = factory.SubFactory(CustomerFactory)
    merchant = factory.SelfAttribute("customer.merchant")
    token_id = factory.Sequence("tok_{}".format)
    cc_number_ending = "4242"
    cc_type = Payment.CardType.VISA
    expires_on = date(2030, 2, 28)


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    merchant = factory.SubFactory(MerchantFactory)
    external_product_id = factory.Sequence("P-{}".format)
    sku = factory.Sequence("SKU-{}".format)
    name = "House blend"
    price = Decimal("12.50")
    image_url = "https://shop.test/house-blend.png"
    detail_url = "https://shop.test/house-blend"
    autoship_enabled = True


class SubscriptionFactory(DjangoModelFactory):
    """A live subscription with no upcoming item; `subscription_with_order` gives it one."""

    class Meta:
        model = Subscription

    customer = factory.SubFactory(CustomerFactory)
    merchant = factory.SelfAttribute("customer.merchant")
    product = factory.SubFactory(ProductFactory, merchant=factory.SelfAttribute("..merchant"))
    payment = factory.SubFactory(PaymentFactory, customer=factory.SelfAttribute("..customer"))
    shipping_address = factory.SubFactory(AddressFactory, customer=factory.SelfAttribute("..customer"))
    quantity = 2
    every = 2
    every_period = calendar.Period.WEEKS
    start_date = date(2026, 1, 15)


def next_december() -> date:
    """The next December 1 that is at least ten days away, so that tests at any time have an order to come."""
    soonest = timezone.localdate() + timedelta(days=10)
    return date(soonest.year + (soonest > date(soonest.year, 12, 1)), 12, 1)


class OrderFactory(DjangoModelFactory):
    class Meta:
        model = Order

    customer = factory.SubFactory(CustomerFactory)
    merchant = factory.SelfAttribute("customer.merchant")
    payment = factory.SubFactory(PaymentFactory, customer=factory.SelfAttribute("..customer"))
    shipping_address = factory.SubFactory(AddressFactory, customer=factory.SelfAttribute("..customer"))
    place_date = factory.LazyFunction(next_december)


class ItemFactory(DjangoModelFactory):
    """An item of `subscription` on `order`; the order's totals are not touched."""

    class Meta:
        model = Item

    order = factory.SubFactory(OrderFactory)
    merchant = factory.SelfAttribute("order.merchant")
    subscription = factory.SubFactory(SubscriptionFactory, customer=factory.SelfAttribute("..order.customer"))
    product = factory.SelfAttribute("subscription.product")
    quantity = factory.SelfAttribute("subscription.quantity")
    price = factory.SelfAttribute("product.price")
    total_price = factory.LazyAttribute(lambda item: item.price * item.quantity)


class ConnectionFactory(DjangoModelFactory):
    class Meta:
        model = Connection

    merchant = factory.SubFactory(MerchantFactory)
    integration = Connection.Integration.KLAVIYO
    name = "Klaviyo"
    secret = "pk_test"


def subscription_with_order(place_date: date | None = None, **fields: object) -> Subscription:
    """A live subscription with its upcoming item, by default two weeks ahead."""
    subscription: Subscription = SubscriptionFactory(**fields)
    day = place_date or calendar.today(subscription.merchant.time_zone) + timedelta(days=14)
    plan_item(subscription, day)
    return subscription


def plan_item(subscription: Subscription, day: date) -> Item:
    """The upcoming item of a subscription that has none; no activity and no event."""
    return orders.add_subscription_item(unrecorded(subscription.customer), subscription, day)


def unrecorded(customer: Customer) -> ActionContext[Customer]:
    """A context for parts of actions; what they emit is not written."""
    return ActionContext("test.setup", STAFF, customer, customer)
