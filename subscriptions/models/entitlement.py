"""Digital goods: resources, the products that grant them, and the access customers have to them."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from subscriptions.models.customer import Customer
from subscriptions.models.fields import PublicIdField
from subscriptions.models.merchant import Merchant
from subscriptions.models.product import Product
from subscriptions.models.subscription import Subscription


class Resource(models.Model):
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="resources")
    public_id = PublicIdField()
    name = models.CharField(max_length=255)
    external_resource_id = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)
    image_url = models.URLField(max_length=1000, null=True, blank=True)
    created = models.DateTimeField(default=timezone.now)
    last_updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "external_resource_id"], name="resource_external_id")
        ]

    def __str__(self) -> str:
        return self.name


class ResourceGrant(models.Model):
    """Each placed order of `product` adds `time_amount` seconds to the buyer's entitlement."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    public_id = PublicIdField()
    product = models.ForeignKey(Product, models.CASCADE, related_name="resource_grants")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="grants")
    time_amount = models.PositiveBigIntegerField(help_text="Seconds.")
    grace_period = models.PositiveBigIntegerField(null=True, blank=True, help_text="Seconds.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "product", "resource"], name="resource_grant_once")]

    def __str__(self) -> str:
        return f"{self.product}: {self.resource}"


class Entitlement(models.Model):
    """Access until `expiration` plus `grace_period` seconds, unless voided."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="entitlements")
    public_id = PublicIdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="entitlements")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="entitlements")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="entitlements")
    access_type = models.CharField(max_length=16, default="time_based")
    initial_activation_date = models.DateTimeField(null=True, blank=True)
    latest_activation_date = models.DateTimeField(null=True, blank=True)
    expiration = models.DateTimeField()
    grace_period = models.PositiveBigIntegerField(null=True, blank=True, help_text="Seconds.")
    live = models.BooleanField(default=True, help_text="Stays true during the grace period.")
    created = models.DateTimeField(default=timezone.now)
    last_updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "subscription", "resource"],
                condition=Q(subscription__isnull=False),
                name="entitlement_once",
            )
        ]
        indexes = [
            models.Index(fields=["merchant", "-created", "public_id"], name="entitlement_list"),
            models.Index(fields=["merchant", "customer"], name="entitlement_customer"),
            models.Index(fields=["merchant", "expiration"], condition=Q(live=True), name="entitlement_expiry"),
            models.Index(fields=["merchant", "resource"], condition=Q(live=True), name="entitlement_live_resource"),
        ]

    def __str__(self) -> str:
        return f"Access to {self.resource}"

    @property
    def grace_end(self) -> datetime:
        return self.expiration + timedelta(seconds=self.grace_period or 0)


class Grantee(models.Model):
    """A person the holder shares an entitlement with."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    entitlement = models.ForeignKey(Entitlement, models.CASCADE, related_name="grantees")
    external_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entitlement", "external_id"], name="grantee_once")]

    def __str__(self) -> str:
        return self.name
