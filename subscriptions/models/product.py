"""Products, their groups, and which product replaces which."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from subscriptions.calendar import Period
from subscriptions.models.fields import MoneyField, PublicIdField
from subscriptions.models.merchant import Merchant
from subscriptions.models.offer import OfferProfile


class Trigrams(models.Func):
    """All runs of three characters in some texts, in upper case. A text with a part has all trigrams of the part."""

    function = "subscriptions_trigrams"
    output_field = ArrayField(models.TextField())


class ProductGroup(models.Model):
    class Type(models.TextChoices):
        ELIGIBILITY = "eligibility", "Eligibility"
        INCENTIVE = "incentive", "Incentive"
        SKU_SWAP = "sku_swap", "SKU swap"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    group_type = models.CharField(max_length=16, choices=Type)
    name = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "group_type", "name"], name="product_group_once")]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    class Type(models.TextChoices):
        STANDARD = "standard", "Standard"
        BUNDLE = "bundle", "Bundle"
        CLUB = "club", "Club"
        STATIC_BUNDLE = "static price bundle", "Static price bundle"
        DYNAMIC_BUNDLE = "dynamic price bundle", "Dynamic price bundle"
        ROTATING = "rotating", "Rotating"
        PLAN = "plan", "Plan"

    class Premier(models.IntegerChoices):
        DISABLED = 0, "Disabled"
        ENABLED = 1, "Enabled"
        TIER = 2, "Tier"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="products")
    public_id = PublicIdField()
    external_product_id = models.CharField("shop ID", max_length=255, help_text="The ID of this product in your shop.")
    sku = models.CharField("SKU", max_length=255, null=True, blank=True)
    name = models.CharField(max_length=255)
    price = MoneyField()
    image_url = models.URLField("image", max_length=1000, null=True, blank=True)
    detail_url = models.URLField("product page", max_length=1000, null=True, blank=True)
    product_type = models.CharField("type", max_length=24, choices=Type, default=Type.STANDARD)
    live = models.BooleanField("in stock", default=True)
    discontinued = models.BooleanField(default=False)
    autoship_enabled = models.BooleanField("open to subscriptions", default=False)
    autoship_by_default = models.BooleanField("subscribed by default", default=False)
    prepaid_eligible = models.BooleanField("open to prepaid", default=False)
    upsell_eligible = models.BooleanField("open to upsells", default=True)
    premier_enabled = models.PositiveSmallIntegerField("premier", choices=Premier, default=Premier.DISABLED)
    every = models.PositiveSmallIntegerField("default frequency", null=True, blank=True)
    every_period = models.PositiveSmallIntegerField("unit of the frequency", choices=Period, null=True, blank=True)
    offer_profile = models.ForeignKey(
        OfferProfile, models.SET_NULL, verbose_name="offer", null=True, blank=True, related_name="products"
    )
    incentive_group = models.CharField(max_length=255, null=True, blank=True)
    groups = models.ManyToManyField(ProductGroup, blank=True, related_name="products")
    extra_data = models.JSONField(null=True, blank=True)
    set_by_staff = ArrayField(
        models.CharField(max_length=32), default=list, blank=True, editable=False, help_text="Columns set by hand."
    )
    created = models.DateTimeField(default=timezone.now)
    last_update = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "external_product_id"], name="product_external_id"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="product_price"),
            models.CheckConstraint(
                condition=models.Q(discontinued=False) | models.Q(autoship_enabled=False, live=False),
                name="product_discontinued_is_off",
            ),
            models.CheckConstraint(
                condition=models.Q(every__isnull=True, every_period__isnull=True)
                | models.Q(every__gte=1, every_period__in=Period.values),
                name="product_frequency",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created", "public_id"], name="product_list"),
            models.Index(fields=["merchant", "-last_update", "public_id"], name="product_updated"),
            models.Index(
                fields=["merchant", "autoship_enabled", "discontinued", "-created", "public_id"], name="product_offered"
            ),
            models.Index(
                fields=["merchant", "discontinued", "-created", "public_id"],
                condition=models.Q(live=False),
                name="product_off",
            ),
            GinIndex(Trigrams("name", "sku", "external_product_id"), name="product_search"),
            models.Index(fields=["merchant", "sku"], name="product_sku"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductRelationship(models.Model):
    class Type(models.TextChoices):
        REPLACEMENT = "discontinued_replacement", "Replaces when discontinued"
        SILENT_REPLACEMENT = "discontinued_silent_replacement", "Replaces when discontinued, without a mail"
        SWAP_ON_PURCHASE = "swap_on_purchase", "Follows the first purchase"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    relationship_type = models.CharField(max_length=40, choices=Type)
    from_product = models.ForeignKey(Product, models.CASCADE, related_name="relationships")
    to_product = models.ForeignKey(Product, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "relationship_type", "from_product"], name="product_relationship_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(from_product=models.F("to_product")),
                name="product_relationship_not_itself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_product} → {self.to_product}"
