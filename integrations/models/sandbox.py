"""What the sandbox ESP has received."""

from django.db import models
from django.utils import timezone

from subscriptions.models import Merchant
from subscriptions.models.fields import PublicIdField


class SandboxProfile(models.Model):
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    public_id = PublicIdField()
    email = models.CharField(max_length=254, blank=True)
    phone_number = models.CharField(max_length=40, blank=True)
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    properties = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "email"], condition=~models.Q(email=""), name="sandbox_profile_email"
            )
        ]

    def __str__(self) -> str:
        return self.email or self.phone_number


class SandboxEvent(models.Model):
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    public_id = PublicIdField()
    profile = models.ForeignKey(SandboxProfile, models.CASCADE, related_name="events")
    metric = models.CharField(max_length=127)
    unique_id = models.CharField(max_length=255)
    time = models.DateTimeField()
    properties = models.JSONField(default=dict)
    received = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "metric", "unique_id"], name="sandbox_event_once")]
        indexes = [models.Index(fields=["merchant", "-id"], name="sandbox_event_list")]

    def __str__(self) -> str:
        return self.metric
