"""Event → Delivery (per connection) → Attempt, and the connections."""

from datetime import UTC, datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Left
from django.utils import timezone

from common.work import LeasedQueue
from subscriptions.models import Customer, Event, Merchant
from subscriptions.models.fields import EncryptedField, PublicIdField

# What differs between answers to the same fault: IDs, addresses, places in a list.
PARTICULARS = r"\s*\[[^\]]*\]|[^\s(]+@[^\s)]+|[0-9a-fA-F]{8}[0-9a-fA-F-]{8,}|[0-9]{5,}|(?<=/)[0-9]+"


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
    resume_at = models.DateTimeField(
        null=True, editable=False, help_text="When the task starts that is queued for what has to wait."
    )
    account = models.CharField(
        max_length=64, blank=True, editable=False, help_text="The account's ID at the other side, from the last test."
    )
    quota_left = models.PositiveIntegerField(
        null=True, editable=False, help_text="Requests that the other side still allows, as it said last."
    )
    removed_at = models.DateTimeField(null=True, editable=False, help_text="Removed by staff; its deliveries are kept.")
    last_success_at = models.DateTimeField("last success", null=True, editable=False)
    last_error = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], condition=Q(removed_at=None), name="connection_name")
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """An event on its way to a connection.

    `bulk`: it was written together with those of other customers and may go out in a bulk request; the others, which
    somebody is waiting for, overtake it. `due`: nothing is sent before; `BEHIND` while an earlier delivery of the same
    customer waits. `body` is the body of a webhook, without the token. `is_replay`: staff sent the event once more.
    """

    kept_of_erased = ("state",)

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DONE = "done", "Delivered"
        DEAD = "dead", "Failed"
        SKIPPED = "skipped", "Not sent"
        UNKNOWN = "unknown", "Outcome unknown"
        CANCELED = "canceled", "Canceled"

    BEHIND = datetime(9999, 1, 1, tzinfo=UTC)
    FAILED = (State.DEAD, State.UNKNOWN)

    # The list of a merchant begins with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries")
    # The customer of the event, whose own key holds it.
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    bulk = models.BooleanField(default=False)
    due = models.DateTimeField(default=timezone.now)
    attempts_made = models.PositiveIntegerField("attempts", default=0)
    interrupted = models.PositiveSmallIntegerField(
        default=0, help_text="Attempts since the last answer whose worker ended before it noted one."
    )
    first_attempt_at = models.DateTimeField("first attempt", null=True)
    error = models.CharField(max_length=500, blank=True)
    cause = models.GeneratedField(
        expression=Case(
            When(
                state__in=["dead", "unknown"],
                then=Left(Func(F("error"), Value(PARTICULARS), Value("…"), Value("g"), function="regexp_replace"), 200),
            ),
            default=Value(""),
        ),
        output_field=models.CharField(max_length=200),
        db_persist=True,
        help_text="The error of a failed delivery without what differs between deliveries.",
    )
    body = models.TextField(null=True)
    is_replay = models.BooleanField("replay", default=False, db_default=False)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "connection"], condition=Q(is_replay=False), name="delivery_once")
        ]
        indexes = [
            models.Index(fields=["connection", "bulk", "due", "id"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["connection", "customer", "id"], condition=Q(state="pending"), name="delivery_first"),
            models.Index(fields=["merchant", "-id"], name="delivery_list"),
            models.Index(fields=["connection", "-id"], name="delivery_of_connection"),
            models.Index(fields=["created"], condition=Q(body__isnull=False), name="delivery_with_body"),
            # For what removes old ones: a few pages, and nothing to write for most rows.
            BrinIndex(fields=["created"], autosummarize=True, name="delivery_age"),
            models.Index(
                fields=["merchant", "-id"], condition=Q(state__in=["dead", "unknown"]), name="delivery_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.connection}"

    @property
    def log_ids(self) -> dict[str, int]:
        """What a log line about it is given with `extra`."""
        return {
            "delivery": self.pk,
            "event": self.event_id,
            "connection": self.connection_id,
            "merchant": self.merchant_id,
        }


class Attempt(models.Model):
    """One request for a delivery. The row is committed before the request leaves.

    `road` names the endpoint, and `together` counts the deliveries of the request. `profile_status` is the one part of
    an event's request that the event does not hold.
    """

    kept_of_erased = ("road", "profile_status")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField("time", default=timezone.now)
    road = models.CharField("endpoint", max_length=40, blank=True)
    together = models.PositiveSmallIntegerField("events in the request", default=1)
    profile_status = models.CharField(max_length=8, blank=True)
    status = models.PositiveSmallIntegerField("HTTP status", null=True, help_text="Empty if no answer came.")
    milliseconds = models.PositiveIntegerField("response time (ms)", null=True)
    detail = models.CharField(max_length=2048, blank=True)

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M:%S} {self.status or 'no answer'}"


class PaceWindow(models.Model):
    """The requests to one endpoint of one account, in the current second and minute, of all workers."""

    account = models.CharField(max_length=80)
    road = models.CharField(max_length=40)
    second = models.DateTimeField(default=timezone.now, help_text="When the current second began.")
    second_sent = models.PositiveIntegerField(default=0)
    minute = models.DateTimeField(default=timezone.now, help_text="When the current minute began.")
    minute_sent = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True, help_text="Until when the other side asked for a rest.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "road"], name="pace_window_once")]

    def __str__(self) -> str:
        return f"{self.account} {self.road}"


class DeliveryMinute(models.Model):
    """What a connection finished in one minute, for staff: counted with the deliveries, and kept for eight days."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="minutes")
    minute = models.DateTimeField()
    delivered = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    not_sent = models.PositiveIntegerField(default=0)
    retried = models.PositiveIntegerField(default=0, help_text="Requests that have to be repeated.")
    lag_total = models.FloatField(default=0, help_text="Seconds from event to answer, of all delivered together.")
    lag_longest = models.FloatField(default=0, help_text="Seconds, of the slowest one.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "minute"], name="delivery_minute_once")]
        indexes = [models.Index(fields=["minute"], name="delivery_minute_time")]

    def __str__(self) -> str:
        return f"{self.connection} {self.minute:%Y-%m-%d %H:%M}"


class Heartbeat(models.Model):
    """The last sign of life of a worker cluster."""

    cluster = models.CharField(max_length=64, unique=True)
    pid = models.PositiveIntegerField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.cluster
