"""The merchant's platform, the attempts to place orders on it, and the simulator that stands in for it."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.work import Leased
from subscriptions.models.customer import Customer, Payment
from subscriptions.models.fields import PublicIdField
from subscriptions.models.merchant import Merchant
from subscriptions.models.order import Order
from subscriptions.models.order_status import Effect
from subscriptions.models.product import Product


class GatewaySettings(models.Model):
    """The merchant's platform. Posts are signed with the merchant's storefront key."""

    class Kind(models.TextChoices):
        XML = "xml", "XML order post"
        JSON = "json", "JSON order post"
        SIMULATOR = "simulator", "Simulator: nothing is placed for real"

    merchant = models.OneToOneField(Merchant, models.PROTECT, related_name="gateway")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.XML)
    url = models.URLField(max_length=500, blank=True, help_text="Where orders are sent. It must begin with https://.")
    without_card = models.BooleanField(
        "leave card data out",
        default=False,
        help_text="Orders carry the payment token, but no card holder, number or expiry.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "gateway"
        constraints = [
            models.CheckConstraint(condition=Q(kind="simulator") | ~Q(url=""), name="gateway_has_address"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class OrderDispatch(Leased):
    """The lease for posting a merchant's orders: one worker at a time, to limit concurrent posts to the platform."""

    lease_length = timedelta(seconds=60)  # answers that came together may wait for a locked customer

    merchant = models.OneToOneField(Merchant, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.merchant)


class PlacementAttempt(models.Model):
    """One attempt to place one order: the placement log. The row is committed before the request is sent."""

    kept_of_erased = ("code", "effect")

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="placement_attempts")
    public_id = PublicIdField()
    # The database refuses to delete an order that was tried. Django's PROTECT would cost each deletion a query.
    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="placement_attempts")
    tries = models.PositiveSmallIntegerField(help_text="The order's `tries` when it was sent.")
    started = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)
    request = models.TextField(blank=True, help_text="The beginning of what was sent, without card data.")
    http_status = models.PositiveSmallIntegerField(null=True, help_text="Empty: no answer came.")
    answer = models.TextField(blank=True, help_text="The beginning of the answer.")
    code = models.CharField(max_length=16, blank=True)
    message = models.CharField(max_length=1000, blank=True)
    order_merchant_id = models.CharField("order ID on your platform", max_length=255, blank=True)
    effect = models.CharField("result", max_length=16, choices=Effect, blank=True, help_text="Empty while under way.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "order", "tries"], name="placement_attempt_once")]
        indexes = [
            models.Index(fields=["merchant", "started", "public_id"], name="placement_attempt_list"),
            models.Index(fields=["started"], condition=Q(effect=""), name="placement_attempt_under_way"),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.tries}: {self.get_effect_display() or 'In progress'}"

    @property
    def customer(self) -> Customer:
        return self.order.customer


class SimulatedOutcome(models.Model):
    """What the simulator answers for orders with this payment or product; the payment's outcome has precedence."""

    class Outcome(models.TextChoices):
        """A placement code stands for the answer with that code."""

        APPROVE = "000", "Approve"
        PROCESSING = "010", "Processing (010)"
        TECHNICAL = "020", "Technical problem (020)"
        CANCEL = "030", "Cancel this order (030)"
        CARD_TYPE = "100", "Card type (100)"
        CARD_NUMBER = "110", "Card number (110)"
        CARD_EXPIRY = "120", "Card expiry (120)"
        BILLING_ADDRESS = "130", "Billing address (130)"
        DECLINE = "140", "Payment declined (140)"
        PAYPAL = "150", "PayPal (150)"
        DO_NOT_RETRY = "160", "Do not retry (160)"
        NO_DEFAULT_CARD = "170", "No default card (170)"
        AUTHENTICATION = "180", "Strong authentication needed (180)"
        TEMPORARY = "999", "Temporary error (999)"
        UNKNOWN_CODE = "777", "Unknown code"
        TIMEOUT = "timeout", "Timeout, not placed"
        LOST = "lost", "Placed, but the answer is lost"
        SERVER_ERROR = "500", "Server error"
        GARBAGE = "garbage", "Unreadable answer"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="simulated_outcomes")
    payment = models.ForeignKey(Payment, models.CASCADE, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, null=True, blank=True, related_name="+")
    outcome = models.CharField("answer", max_length=8, choices=Outcome, default=Outcome.APPROVE)
    times = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="How many attempts of an order get this answer; later ones are approved. Leave empty for all.",
    )
    milliseconds = models.PositiveIntegerField(
        "response time", default=0, help_text="How many milliseconds the answer takes."
    )

    class Meta:
        verbose_name = "simulated answer"
        constraints = [
            models.UniqueConstraint(fields=["merchant", "payment"], name="simulated_outcome_payment"),
            models.UniqueConstraint(fields=["merchant", "product"], name="simulated_outcome_product"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, product__isnull=True)
                | Q(payment__isnull=True, product__isnull=False),
                name="simulated_outcome_for_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment or self.product}: {self.get_outcome_display()}"


class SimulatedPlacement(models.Model):
    """What the simulator knows about an order. It stands for the platform's database, apart from the domain's rows."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    order_public_id = models.UUIDField(help_text="The idempotency key of its posts.")
    times_asked = models.PositiveIntegerField(default=1)
    outcome = models.CharField(max_length=8, choices=SimulatedOutcome.Outcome, help_text="Of the last post.")
    order_merchant_id = models.CharField(max_length=255, blank=True, help_text="Empty while it is not placed.")
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "order_public_id"], name="simulated_once")]

    def __str__(self) -> str:
        return self.order_merchant_id or self.order_public_id.hex
