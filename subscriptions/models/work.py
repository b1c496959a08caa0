"""Work that outlives a request: checkouts as they came in, and replacements of discontinued products."""

from django.db import models
from django.utils import timezone

from subscriptions.models.customer import Customer
from subscriptions.models.fields import PublicIdField
from subscriptions.models.merchant import Merchant
from subscriptions.models.product import Product


class CheckoutRequest(models.Model):
    """What a shop told of one checkout; its order id there makes it count once."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="checkouts")
    public_id = PublicIdField()
    merchant_order_id = models.CharField(max_length=255)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="checkouts")
    body = models.JSONField(help_text="Without card numbers.")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    answer = models.JSONField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "merchant_order_id"], name="checkout_once"),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=models.Q(state="pending"), name="checkout_pending"),
        ]

    def __str__(self) -> str:
        return self.merchant_order_id


class Replacement(models.Model):
    """One run that swaps a product for another, or cancels, on all live subscriptions to it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="replacements")
    public_id = PublicIdField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    substitute = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: the subscriptions end."
    )
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=255)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    cursor = models.BigIntegerField(default=0, help_text="The last subscription done; a new try goes on after it.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, help_text="Subscriptions left as they were, each with the reason.")
    lease_until = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "product"], condition=~models.Q(state="done"), name="replacement_one_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created"], name="replacement_list"),
            models.Index(fields=["lease_until"], condition=~models.Q(state="done"), name="replacement_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.product} → {self.substitute or 'cancelled'}"
