"""Event → Delivery (per connection) → Attempt, and the connections."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from common.work import LeasedQueue
from subscriptions.models import Event, Merchant
from subscriptions.models.fields import EncryptedField, PublicIdField


class Connection(LeasedQueue):
    """A merchant's account at an integration, and the queue of its deliveries: one worker at a time sends them."""

    class Integration(models.TextChoices):
        KLAVIYO = "klaviyo", "Klaviyo"
        ATTENTIVE = "attentive", "Attentive"
        WEBHOOK = "webhook", "Webhook"
        GLADLY = "gladly", "Gladly"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="connections")
    public_id = PublicIdField()
    integration = models.CharField(max_length=16, choices=Integration)
    name = models.CharField(max_length=100)
    base_url = models.URLField(
        "address", max_length=500, blank=True, help_text="Leave empty for the usual address of the integration."
    )
    secret = EncryptedField(blank=True)
    switched_off_kinds = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    enabled = models.BooleanField(default=True)
    paused_reason = models.CharField(
        max_length=500, blank=True, help_text="Why sending stopped. Empty while it is sending."
    )
    created = models.DateTimeField(default=timezone.now, editable=False)
    not_before = models.DateTimeField("waiting until", null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="Temporary failures in a row.")
    window_started = models.DateTimeField(null=True, editable=False)
    window_sent = models.PositiveIntegerField(default=0, editable=False, help_text="Requests since then.")
    last_success_at = models.DateTimeField("last success", null=True, editable=False)
    last_error = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="connection_name")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DONE = "done", "Delivered"
        DEAD = "dead", "Failed"
        SKIPPED = "skipped", "Not sent"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts_made = models.PositiveIntegerField("attempts", default=0)
    error = models.CharField(max_length=500, blank=True)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "connection"], name="delivery_once")]
        indexes = [
            models.Index(F("connection"), F("id"), condition=Q(state="pending"), name="delivery_pending"),
            models.Index(fields=["merchant", "-id"], name="delivery_list"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.connection}"


class Attempt(models.Model):
    """One request for a delivery. The row is committed before the request leaves."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField("time", default=timezone.now)
    status = models.PositiveSmallIntegerField("HTTP status", null=True, help_text="Empty if no answer came.")
    milliseconds = models.PositiveIntegerField("response time (ms)", null=True)
    detail = models.CharField(max_length=2048, blank=True)

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M:%S} {self.status or 'no answer'}"


class Heartbeat(models.Model):
    """The last sign of life of a worker cluster."""

    cluster = models.CharField(max_length=64, unique=True)
    pid = models.PositiveIntegerField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.cluster
