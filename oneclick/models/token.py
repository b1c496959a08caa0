"""Action tokens."""

from datetime import date
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from subscriptions import calendar
from subscriptions.models import Activity, Customer, Event, Merchant, Order, OrderStatus, Subscription

MESSAGE_LENGTH = 1000
ATTEMPT_LENGTH = 32


def unexpired_tokens(today: date) -> Q:
    """Selects tokens that have not expired on the merchant's day `today`, by the rule of `ActionToken.expired`."""
    order = Q(scope="order", order__status=OrderStatus.UNSENT, order__place_date__gt=today)
    return order | Q(scope="subscription", expires_at__gt=calendar.now())


class ActionToken(models.Model):
    """The right to perform one link action, once. `nonce` and a server key give its text, which is stored nowhere.

    `used_action` is the name of the link action, `used_message` what the customer read.
    """

    kept_of_erased = ("scope", "used_action")

    class Scope(models.TextChoices):
        ORDER = "order", "Order"
        SUBSCRIPTION = "subscription", "Subscription"

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="action_tokens")
    nonce = models.UUIDField(default=uuid4, unique=True, editable=False)
    scope = models.CharField("for", max_length=12, choices=Scope)
    subscription = models.ForeignKey(Subscription, models.CASCADE, null=True, blank=True, related_name="action_tokens")
    order = models.ForeignKey(Order, models.DO_NOTHING, null=True, blank=True, related_name="action_tokens")
    event = models.ForeignKey(Event, models.SET_NULL, null=True, related_name="action_tokens")
    issued_at = models.DateTimeField("issued", default=timezone.now)
    expires_at = models.DateTimeField("expires")
    revoked_at = models.DateTimeField("revoked", null=True, blank=True)
    used_at = models.DateTimeField("used", null=True, blank=True)
    used_action = models.CharField(max_length=24, blank=True)
    used_parameters = models.JSONField(null=True, blank=True)
    used_message = models.CharField("what the customer read", max_length=MESSAGE_LENGTH, blank=True)
    used_attempt = models.CharField(
        max_length=ATTEMPT_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text="The script's own name for the click, under which it asks again when an answer got lost.",
    )
    activity = models.ForeignKey(Activity, models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField("undone", null=True, blank=True)
    undo_facts = models.JSONField(null=True, blank=True, help_text="How the undo was answered.")

    class Meta:
        verbose_name = "1-Click token"
        constraints = [
            models.CheckConstraint(
                # The order is null once an emptied order has been removed; the token then counts as expired.
                condition=Q(scope="order", subscription__isnull=True)
                | Q(scope="subscription", subscription__isnull=False, order__isnull=True),
                name="action_token_scope",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=False) | Q(undone_at__isnull=True),
                name="action_token_undone_was_used",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "customer", "-id"], name="action_token_customer"),
            models.Index(fields=["merchant", "-id"], name="action_token_list"),
            models.Index(fields=["merchant"], condition=Q(undone_at__isnull=False), name="action_token_undone"),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} token of {calendar.human_date(timezone.localtime(self.issued_at).date())}"

    @property
    def state(self) -> str:
        """`undone`, `used`, `revoked`, `expired` or `ready`."""
        if self.undone_at:
            return "undone"
        if self.used_at:
            return "used"
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expired else "ready"

    @property
    def expired(self) -> bool:
        """An order's token ends with its order or on the order's current place date."""
        if self.scope == self.Scope.SUBSCRIPTION:
            return self.expires_at <= calendar.now()
        if self.order is None or self.order.status != OrderStatus.UNSENT:
            return True
        return self.order.place_date <= calendar.today(self.merchant.time_zone)
