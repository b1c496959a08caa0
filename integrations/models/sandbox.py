"""What the sandbox has received as Klaviyo, Attentive or Gladly, and how it is told to fail."""

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.outbox import Connection
from subscriptions.models import Merchant
from subscriptions.models.fields import PublicIdField

LONGEST_ANSWER = 60_000  # milliseconds


class SandboxProfile(models.Model):
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    integration = models.CharField(
        max_length=16, choices=Connection.Integration, default=Connection.Integration.KLAVIYO
    )
    public_id = PublicIdField()
    email = models.CharField(max_length=254, blank=True)
    phone_number = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=255, blank=True)
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    details = models.JSONField(default=dict, help_text="Attributes that are kept as they came, such as the location.")
    properties = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "integration", "email"], condition=~Q(email=""), name="sandbox_profile_email"
            )
        ]
        indexes = [
            models.Index(
                fields=["merchant", "phone_number"], condition=~Q(phone_number=""), name="sandbox_profile_phone"
            ),
            models.Index(
                fields=["merchant", "external_id"], condition=~Q(external_id=""), name="sandbox_profile_external"
            ),
            models.Index(fields=["merchant", "-updated"], name="sandbox_profile_list"),
        ]

    def __str__(self) -> str:
        return self.email or self.phone_number or self.external_id


class SandboxEvent(models.Model):
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    integration = models.CharField(
        max_length=16, choices=Connection.Integration, default=Connection.Integration.KLAVIYO
    )
    public_id = PublicIdField()
    profile = models.ForeignKey(SandboxProfile, models.CASCADE, related_name="events")
    metric = models.CharField(max_length=127)
    unique_id = models.CharField(max_length=255)
    time = models.DateTimeField()
    properties = models.JSONField(default=dict)
    received = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # Attentive does not promise to drop doubles, so the sandbox shows each of them.
            models.UniqueConstraint(
                fields=["profile", "metric", "unique_id"],
                condition=Q(integration=Connection.Integration.KLAVIYO),
                name="sandbox_event_once",
            )
        ]
        indexes = [models.Index(fields=["merchant", "-id"], name="sandbox_event_list")]

    def __str__(self) -> str:
        return self.metric


class SandboxImport(models.Model):
    """A bulk profile import. Its profiles are stored at once; its status follows from its age."""

    KEPT = timedelta(days=7)

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    public_id = PublicIdField()
    total = models.PositiveIntegerField()
    errors = models.JSONField(default=list, help_text="The attributes of an import-error for each refused profile.")
    created = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.public_id.hex


class SandboxQuota(models.Model):
    """How many requests of the running second and minute an endpoint has had; one row is written by each request."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    counter = models.CharField(max_length=32)
    second = models.BigIntegerField()
    minute = models.BigIntegerField()
    in_second = models.PositiveIntegerField()
    in_minute = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "counter"], name="sandbox_quota")]

    def __str__(self) -> str:
        return self.counter


class SandboxFault(models.Model):
    """What goes wrong with requests to the sandbox, until it is over."""

    class Outcome(models.TextChoices):
        THROTTLED = "429", "Too many requests (429), Retry-After in seconds"
        THROTTLED_DATE = "429-date", "Too many requests (429), Retry-After as a date"
        THROTTLED_BARE = "429-bare", "Too many requests (429) without Retry-After"
        SERVER_ERROR = "500", "Server error (500)"
        BAD_GATEWAY = "502", "Bad gateway (502)"
        UNAVAILABLE = "503", "Unavailable (503)"
        INVALID = "400", "Invalid input (400)"
        UNAUTHORIZED = "401", "Wrong key (401)"
        CONFLICT = "409", "Conflict (409)"
        GONE = "410", "Retired revision (410)"
        TIMEOUT = "timeout", "No answer"
        RESET = "reset", "Connection cut"
        SLOW = "slow", "Slow answer"
        DRIPPING = "dripping", "Answer byte by byte"
        REPEATS = "repeats", "Repeated events refused (409)"
        UNLIMITED = "unlimited", "No rate limits"

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="sandbox_faults")
    outcome = models.CharField("what happens", max_length=9, choices=Outcome)
    endpoint = models.CharField(
        "request", max_length=32, blank=True, help_text="The name of an endpoint; empty for all."
    )
    share = models.PositiveSmallIntegerField(
        "share (%)",
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="How many of a hundred requests it happens to, at random.",
    )
    milliseconds = models.PositiveIntegerField(
        "time (ms)",
        default=1000,
        validators=[MaxValueValidator(LONGEST_ANSWER)],
        help_text="How long a slow answer takes, or how long the client shall wait after a 429; 60,000 at most.",
    )
    takes_effect = models.BooleanField(
        "stored all the same",
        default=False,
        help_text="The request is stored and only its answer is lost. The client sends it again, as a double.",
    )
    times = models.PositiveIntegerField(
        "requests left", null=True, blank=True, help_text="It ends after this many. Leave empty for no number."
    )
    until = models.DateTimeField(null=True, blank=True, help_text="It ends then. Leave empty for no end.")
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "sandbox fault"

    def __str__(self) -> str:
        return self.get_outcome_display()

    @property
    def is_active(self) -> bool:
        return self.times != 0 and (self.until is None or self.until > timezone.now())

    @classmethod
    def active(cls, merchant: Merchant) -> models.QuerySet["SandboxFault"]:
        """The merchant's faults that are not over, in the order in which they are tried."""
        lasting = Q(until=None) | Q(until__gt=timezone.now())
        unspent = Q(times=None) | Q(times__gt=0)
        return cls.objects.filter(lasting, unspent, merchant=merchant).order_by("pk")
