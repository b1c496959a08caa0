"""Subscriptions: a product that a customer gets at a frequency."""

from django.apps import apps
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from subscriptions.calendar import Period, frequency_days, frequency_description
from subscriptions.models.customer import Address, Customer, Payment
from subscriptions.models.fields import MoneyField, PublicIdField, TotalField
from subscriptions.models.merchant import Merchant
from subscriptions.models.offer import Offer
from subscriptions.models.product import Product

PREPAID_NONE = Q(
    prepaid_orders_per_billing__isnull=True,
    prepaid_orders_remaining__isnull=True,
    renewal_behavior__isnull=True,
)
PREPAID_WHOLE = Q(prepaid_orders_per_billing__gte=2, prepaid_orders_remaining__gte=0, renewal_behavior__isnull=False)

LONGEST_CANCEL_CODE = 6


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> "SubscriptionQuerySet":
        return self.filter(cancelled__isnull=True)

    def with_flags(self) -> "SubscriptionQuerySet":
        """With `has_entitlements`, and with `is_last`: whether no other subscription of the customer is live.

        Actions and payloads then need no queries of their own to find out.
        """
        entitlements = apps.get_model("subscriptions", "Entitlement").objects.filter(subscription=models.OuterRef("pk"))
        others = Subscription.objects.live().filter(customer=models.OuterRef("customer"))
        return self.annotate(
            has_entitlements=models.Exists(entitlements),
            is_last=~models.Exists(others.exclude(pk=models.OuterRef("pk"))),
        )


class Subscription(models.Model):
    """Live until it has a `cancelled` time. `price` is set only when it is locked; else the product's price applies."""

    kept_of_erased = ("raw_subscription_type", "currency_code", "renewal_behavior")

    class Origin(models.TextChoices):
        CHECKOUT = "replenishment", "Checkout"
        UPSELL = "IU replenishment", "Added to an order"
        STAFF = "CSA replenishment", "Staff"

    class Renewal(models.TextChoices):
        AUTORENEW = "autorenew", "Renew"
        CANCEL = "cancel", "Cancel"
        DOWNGRADE = "downgrade", "Continue without prepaying"

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="subscriptions", db_index=False)
    public_id = PublicIdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="subscriptions")
    product = models.ForeignKey(Product, models.PROTECT, related_name="subscriptions", db_index=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="subscriptions")
    shipping_address = models.ForeignKey(Address, models.PROTECT, related_name="subscriptions")
    offer = models.ForeignKey(Offer, models.PROTECT, null=True, blank=True, related_name="+")
    raw_subscription_type = models.CharField("origin", max_length=24, choices=Origin, default=Origin.CHECKOUT)
    quantity = models.PositiveIntegerField(default=1)
    price = MoneyField(verbose_name="locked price", null=True, blank=True)
    currency_code = models.CharField(max_length=3, default="USD")
    every = models.PositiveSmallIntegerField()
    every_period = models.PositiveSmallIntegerField(choices=Period)
    reminder_days = models.PositiveSmallIntegerField("reminder lead time", default=5)
    start_date = models.DateField()
    cancelled = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=1000, null=True, blank=True)
    prepaid_orders_per_billing = models.PositiveSmallIntegerField("orders per prepayment", null=True, blank=True)
    prepaid_orders_remaining = models.PositiveSmallIntegerField("orders remaining", null=True, blank=True)
    renewal_behavior = models.CharField("after the last order", max_length=16, choices=Renewal, null=True, blank=True)
    last_renewal_revenue = TotalField(null=True, blank=True)
    prepaid_origin_merchant_order_id = models.CharField(max_length=255, null=True, blank=True)
    first_placed = models.DateTimeField(null=True, blank=True, editable=False)
    session_id = models.CharField(max_length=255, null=True, blank=True)
    merchant_order_id = models.CharField("shop order ID", max_length=255, null=True, blank=True)
    external_id = models.CharField("external ID", max_length=255, null=True, blank=True)
    customer_rep = models.CharField(max_length=255, null=True, blank=True)
    extra_data = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="subscription_quantity"),
            models.CheckConstraint(
                condition=Q(every__gte=1, every_period__in=Period.values), name="subscription_frequency"
            ),
            models.CheckConstraint(condition=Q(price__isnull=True) | Q(price__gte=0), name="subscription_price"),
            models.CheckConstraint(condition=Q(reminder_days__gte=5), name="subscription_reminder_days"),
            models.CheckConstraint(
                condition=Q(cancelled__isnull=False) | Q(cancel_reason__isnull=True),
                name="subscription_reason",
            ),
            models.CheckConstraint(condition=PREPAID_NONE | PREPAID_WHOLE, name="subscription_prepaid"),
            models.UniqueConstraint(
                fields=["merchant", "external_id"],
                condition=Q(external_id__isnull=False),
                name="subscription_external_id",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created", "public_id"], name="subscription_list"),
            models.Index(fields=["merchant", "-updated", "public_id"], name="subscription_updated"),
            models.Index(
                fields=["merchant", "-created", "public_id"],
                condition=Q(cancelled__isnull=True),
                name="subscription_live_list",
            ),
            models.Index(
                fields=["merchant", "-created", "public_id"],
                condition=Q(cancelled__isnull=False),
                name="subscription_cancelled_list",
            ),
            models.Index(fields=["product", "-created", "public_id"], name="subscription_product"),
            models.Index(fields=["merchant", "customer", "-created"], name="subscription_customer"),
            models.Index(
                fields=["merchant", "-created", "public_id"],
                condition=Q(cancelled__isnull=True, prepaid_orders_per_billing__isnull=False),
                name="subscription_prepaid_list",
            ),
            models.Index(
                fields=["merchant", "merchant_order_id"],
                condition=Q(merchant_order_id__isnull=False),
                name="subscription_by_shop_order",
            ),
            models.Index(
                F("merchant"),
                F("product"),
                condition=Q(cancelled__isnull=True),
                name="subscription_live_product",
            ),
            models.Index(
                fields=["merchant", "offer"],
                condition=Q(cancelled__isnull=True, offer__isnull=False),
                name="subscription_live_offer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def live(self) -> bool:
        return self.cancelled is None

    @property
    def has_prepaid(self) -> bool:
        return self.prepaid_orders_per_billing is not None

    @property
    def awaits_first_order(self) -> bool:
        """Whether the first order is yet to be placed. A subscription from a checkout had its first order there."""
        return self.first_placed is None and self.raw_subscription_type != self.Origin.CHECKOUT

    @property
    def frequency_days(self) -> int:
        return frequency_days(self.every, self.every_period)

    @property
    def frequency_description(self) -> str:
        return frequency_description(self.every, self.every_period)

    @property
    def cancel_reason_code(self) -> int | None:
        """The leading number of `cancel_reason`, which is kept verbatim as `code|text`; a code has at most 6 digits."""
        code = (self.cancel_reason or "").split("|")[0].strip()
        return int(code) if code.isdecimal() and len(code) <= LONGEST_CANCEL_CODE else None

    @property
    def cancel_reason_text(self) -> str:
        """The text after the code, or the whole reason if it has no code."""
        reason = self.cancel_reason or ""
        return reason.strip(" |") if self.cancel_reason_code is None else reason.partition("|")[2].strip()
