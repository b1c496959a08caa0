"""Work that outlives a request: checkouts as they came in, and replacements of discontinued products."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.work import Leased, LeasedRun
from subscriptions.models.customer import Customer
from subscriptions.models.fields import PublicIdField
from subscriptions.models.merchant import Merchant
from subscriptions.models.product import Product
from subscriptions.models.subscription import Subscription


class CheckoutRequest(Leased):
    """A checkout as a shop posted it, leased at first by the request that stored it.

    Each order id brings about one result. A checkout that failed has none but a `reason`, and may be posted again.
    """

    lease_length = timedelta(seconds=90)  # longer than any request may take

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="checkouts")
    public_id = PublicIdField()
    merchant_order_id = models.CharField("shop order ID", max_length=255)
    actor = models.JSONField(help_text="Who sent it.")
    body = models.JSONField(help_text="As it was checked, without card numbers; emptied once it has a result.")
    answer = models.JSONField(null=True, help_text="What came of it; empty while it is to be carried out.")
    reason = models.TextField(blank=True)
    created = models.DateTimeField("received", default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "merchant_order_id"], name="checkout_once"),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(answer__isnull=True), name="checkout_pending"),
            models.Index(fields=["merchant", "-created", "-id"], name="checkout_list"),
            models.Index(fields=["merchant", "-created", "-id"], condition=~Q(reason=""), name="checkout_failed"),
        ]
        verbose_name = "checkout"

    def __str__(self) -> str:
        return self.merchant_order_id


class ClockMove(Leased):
    """The clock of a test customer while a worker moves it by a step."""

    lease_length = timedelta(minutes=1)  # longer than the work of one moment takes

    customer = models.OneToOneField(Customer, models.CASCADE, related_name="clock_move")

    def __str__(self) -> str:
        return f"clock of {self.customer_id}"


class Replacement(LeasedRun):
    """A run that swaps a discontinued product for another in all live subscriptions to it, or cancels them.

    Its cursor is the key of a subscription.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="replacements")
    public_id = PublicIdField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="replacements")
    substitute = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: the subscriptions end."
    )
    silent = models.BooleanField(default=False, help_text="No event tells the customers of the swap.")
    actor = models.JSONField(help_text="Who began it.")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0, help_text="As counted at the beginning; in the end done + refused.")
    done = models.PositiveIntegerField("changed", default=0)
    refused = models.PositiveIntegerField("not changed", default=0)
    created = models.DateTimeField("started", default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "product"], condition=models.Q(state="running"), name="replacement_one_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created"], name="replacement_list"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="replacement_running"),
        ]

    def __str__(self) -> str:
        return f"{self.product} → {self.substitute or 'cancelled'}"


class Refusal(models.Model):
    """A subscription that a replacement left as it was, and why."""

    replacement = models.ForeignKey(Replacement, models.CASCADE, related_name="refusals")
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="+")
    sentence = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["replacement", "subscription"], name="refusal_once")]

    def __str__(self) -> str:
        return self.sentence
