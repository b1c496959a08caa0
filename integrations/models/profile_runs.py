"""Runs that tell an ESP of many customers, what it answered to their parts, and what it refused."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.work import LeasedRun
from integrations.models.outbox import Connection
from subscriptions.models import Customer, Merchant
from subscriptions.models.fields import PublicIdField


class ProfileRun(LeasedRun):
    """Work that brings what an ESP knows of customers in line with the portal.

    Its cursor is the key of a customer; for past events that of an event, for a comparison that of a `SentProfile`.
    """

    kept_of_erased = ("kind", "state", "actor", "event_kinds", "error")

    lease_length = timedelta(seconds=60)  # a request with 5,000 profiles may take 15 s

    class Kind(models.TextChoices):
        STATUS = "status", "Status backfill"
        HISTORY = "history", "Past events"
        COMPARISON = "comparison", "Nightly comparison"
        ERASURE = "erasure", "Erasure"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CANCELED = "canceled", "Canceled"
        DONE = "done", "Done"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="profile_runs")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="profile_runs")
    public_id = PublicIdField()
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    actor = models.JSONField(help_text="Who started it.")
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, related_name="+", help_text="Who is to be erased; empty for other kinds."
    )
    active_only = models.BooleanField(default=False)
    event_kinds = ArrayField(models.CharField(max_length=64), default=list)
    since = models.DateTimeField(null=True, help_text="Events from then on are sent.")
    local_date = models.DateField(null=True, help_text="The merchant's day of a nightly comparison.")
    at_once = models.PositiveIntegerField(help_text="How many the next request holds at most.")
    total = models.PositiveIntegerField(default=0, help_text="As counted at the start; in the end sent + refused.")
    sent = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0, help_text="Not accepted with any request.")
    failures = models.PositiveIntegerField(default=0, help_text="Temporary failures in a row.")
    error = models.CharField(max_length=500, blank=True)
    created = models.DateTimeField("started", default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=Q(state__in=["running", "paused"], kind__in=["status", "history"]),
                name="profile_run_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["connection", "local_date"], condition=Q(kind="comparison"), name="profile_run_nightly"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created", "-id"], name="profile_run_list"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="profile_run_running"),
        ]
        verbose_name = "Klaviyo run"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.connection}"


class ImportJob(models.Model):
    """A bulk profile import that the ESP accepted and works through on its own.

    It holds customers with keys above `after` and up to `upto`. `page` is where reading its errors goes on.
    """

    kept_of_erased = ("remote_id", "state", "page")

    class State(models.TextChoices):
        OPEN = "open", "In progress"
        COMPLETE = "complete", "Complete"
        CANCELED = "canceled", "Canceled by Klaviyo"
        LOST = "lost", "Unknown to Klaviyo"

    run = models.ForeignKey(ProfileRun, models.CASCADE, related_name="jobs")
    remote_id = models.CharField(max_length=64)
    after = models.BigIntegerField()
    upto = models.BigIntegerField()
    profiles = models.PositiveIntegerField(help_text="How many profiles were sent.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    counted = models.PositiveIntegerField(null=True, help_text="How many profiles the ESP counts.")
    completed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    page = models.TextField(blank=True)
    sent_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["checked_at"], condition=Q(state="open"), name="import_job_open")]

    def __str__(self) -> str:
        return self.remote_id


class ProfileError(models.Model):
    """A profile, or a past event, that the ESP did not take, and why. `key` is the one the run's cursor counts."""

    kept_of_erased = ("code", "detail", "pointer")

    run = models.ForeignKey(ProfileRun, models.CASCADE, related_name="errors")
    key = models.BigIntegerField(null=True)
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="+")
    identifier = models.CharField(max_length=254, blank=True, help_text="E-mail address or phone number.")
    code = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=500)
    pointer = models.CharField(max_length=200, blank=True, help_text="Where in the request the mistake is.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="profile_error_once")]

    def __str__(self) -> str:
        return f"{self.identifier}: {self.detail}"
