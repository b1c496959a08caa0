"""Offers: profiles with their coupons and discounts, and incentives given once to one order or item."""

from django.db import models
from django.utils import timezone

from subscriptions.models.customer import Customer
from subscriptions.models.fields import MoneyField, PublicIdField
from subscriptions.models.merchant import Merchant


class OfferProfile(models.Model):
    class Status(models.TextChoices):
        AVAILABLE = "available", "Available"
        ARCHIVED = "archived", "Archived"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="offer_profiles")
    public_id = PublicIdField()
    name = models.CharField(max_length=255)
    weight = models.PositiveIntegerField(default=0)
    live = models.BooleanField("active", default=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.AVAILABLE)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "offer"
        indexes = [models.Index(fields=["merchant", "-created"], name="offer_profile_list")]

    def __str__(self) -> str:
        return self.name


class Offer(models.Model):
    """Gives a subscription or item the discounts of the offer's profile."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="offers")
    public_id = PublicIdField()
    profile = models.ForeignKey(OfferProfile, models.PROTECT, related_name="offers")
    name = models.CharField(max_length=255)
    live = models.BooleanField("active", default=True)
    usable_in_links = models.BooleanField(default=False, help_text="1-click links can give this discount.")
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "variant"
        indexes = [models.Index(fields=["merchant", "-created"], name="offer_list")]

    def __str__(self) -> str:
        return self.name


class Coupon(models.Model):
    """The discounts of a profile: `initial` for a subscription's first order, `recurring` for the others."""

    class Use(models.TextChoices):
        INITIAL = "initial", "First order"
        RECURRING = "recurring", "Every later order"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    public_id = PublicIdField()
    profile = models.ForeignKey(OfferProfile, models.CASCADE, related_name="coupons")
    use = models.CharField(max_length=16, choices=Use)
    name = models.CharField(max_length=255)
    code = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "use"], name="coupon_once")]

    def __str__(self) -> str:
        return self.name


class Discount(models.Model):
    class Target(models.IntegerChoices):
        ORDER = 1, "Order"
        ITEM = 2, "Item"

    class Field(models.IntegerChoices):
        TOTAL_PRICE = 1, "Total price"
        SHIPPING_TOTAL = 2, "Shipping"
        SUB_TOTAL = 3, "Subtotal"

    class Type(models.TextChoices):
        PERCENT = "Discount Percent", "Percent"
        AMOUNT = "Discount Amount", "Amount"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    public_id = PublicIdField()
    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="discounts")
    name = models.CharField(max_length=255)
    object = models.PositiveSmallIntegerField(choices=Target)
    field = models.PositiveSmallIntegerField(choices=Field)
    type = models.CharField(max_length=16, choices=Type)
    value = MoneyField()
    threshold_field = models.PositiveSmallIntegerField(choices=Field, null=True, blank=True)
    threshold_value = MoneyField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(value__gte=0), name="discount_value"),
            models.CheckConstraint(
                condition=~models.Q(type="Discount Percent") | models.Q(value__lte=100),
                name="discount_percent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OneTimeIncentive(models.Model):
    """A discount or gift for one order or one item of one customer."""

    class Stacking(models.TextChoices):
        BASE = "base", "Base"
        ADDITIONAL = "additional", "Additional"

    class Type(models.TextChoices):
        DISCOUNT = "Discount", "Discount"
        GIFT = "Gift", "Gift"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    public_id = PublicIdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="incentives")
    order = models.ForeignKey("Order", models.DO_NOTHING, null=True, blank=True, related_name="incentives")
    item = models.ForeignKey("Item", models.DO_NOTHING, null=True, blank=True, related_name="incentives")
    external_code = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    stacking_type = models.CharField(max_length=16, choices=Stacking, default=Stacking.BASE)
    expires = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=16, choices=Type)
    target = models.CharField(max_length=8, choices=[("item", "Item"), ("order", "Order")])
    product = models.ForeignKey("Product", models.PROTECT, null=True, blank=True, related_name="+")
    discount_type = models.CharField(max_length=16, choices=Discount.Type, blank=True)
    field = models.CharField(max_length=16, blank=True)
    value = MoneyField(null=True, blank=True)
    limit_policy = models.CharField(max_length=16, null=True, blank=True)
    limit_value = MoneyField(null=True, blank=True)
    threshold_field = models.CharField(max_length=16, null=True, blank=True)
    threshold_value = MoneyField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now)
    last_updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(order__isnull=False, item__isnull=True)
                | models.Q(order__isnull=True, item__isnull=False),
                name="incentive_on_order_or_item",
            ),
            models.CheckConstraint(
                condition=models.Q(type="Gift", product__isnull=False, value__isnull=True)
                | models.Q(type="Discount", product__isnull=True, value__gte=0),
                name="incentive_gift_or_discount",
            ),
        ]
        verbose_name = "incentive"
        indexes = [
            models.Index(fields=["merchant", "-created", "public_id"], name="incentive_list"),
            models.Index(fields=["merchant", "customer", "-created"], name="incentive_customer"),
        ]

    def __str__(self) -> str:
        return self.name
