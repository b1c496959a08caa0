"""Activities, events and runs of jobs. Only the core of the actions writes activities and events."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import models
from django.utils import timezone

from common.work import LeasedRun
from subscriptions.models.customer import Customer
from subscriptions.models.fields import PublicIdField
from subscriptions.models.merchant import Merchant
from subscriptions.models.order import Item, Order
from subscriptions.models.subscription import Subscription

NOTE = "customer.note"
"""The verb of a note by staff; what else happens to notes has verbs that begin so."""


class Activity(models.Model):
    """One entry of a customer's Recent Activity; every action writes exactly one."""

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="activities")
    subscription = models.ForeignKey(Subscription, models.SET_NULL, null=True, related_name="activities")
    order = models.ForeignKey(Order, models.DO_NOTHING, null=True, related_name="activities")
    verb = models.CharField(max_length=64, help_text="The action, such as subscription.cancel.")
    sentence = models.TextField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    actor_name = models.TextField()
    undo_facts = models.JSONField(
        null=True, editable=False, help_text="What an undo puts back, and which rows it needs unchanged."
    )
    # Only later activities are compared with it, so it may name one that was removed with its merchant's old history.
    undoes = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, editable=False, related_name="+", db_index=False, db_constraint=False
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["merchant", "customer", "-id"], name="activity_customer"),
            # By time, since the database would look for a quiet merchant's newest keys among everybody's.
            models.Index(fields=["merchant", "-at", "-id"], name="activity_list"),
            # Without these, the database looks for the latest of a quiet order among everybody's.
            models.Index(
                fields=["merchant", "subscription", "-id"],
                condition=models.Q(subscription__isnull=False),
                name="activity_subscription",
            ),
            models.Index(
                fields=["merchant", "order", "-id"], condition=models.Q(order__isnull=False), name="activity_order"
            ),
            models.Index(fields=["merchant", "customer", "-id"], condition=models.Q(verb=NOTE), name="activity_note"),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def is_note(self) -> bool:
        return self.verb == NOTE


class Event(models.Model):
    """A fact, as it was in the transaction that emitted it. Retries send the same payload and recipient.

    Only inside that transaction, for sinks: `subject` is the row that the event is about, and may be deleted by now;
    `about_subscriptions` are those that made a customer's event happen.
    """

    kept_of_erased = ("kind",)

    subject: "Customer | Subscription | Order | Item"
    about_subscriptions: "Sequence[Subscription]" = ()

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="events", db_index=False)
    public_id = PublicIdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="events")
    activity = models.ForeignKey(Activity, models.SET_NULL, null=True, related_name="events")
    subscription = models.ForeignKey(Subscription, models.SET_NULL, null=True, related_name="events")
    order = models.ForeignKey(Order, models.DO_NOTHING, null=True, related_name="events")
    kind = models.CharField(max_length=64)
    payload = models.JSONField()
    recipient = models.JSONField(help_text="The customer's e-mail, phone and names at that moment.")
    at = models.DateTimeField("time", default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "customer", "-id"], name="event_customer"),
            models.Index(fields=["merchant", "kind", "-at"], name="event_kind"),
            models.Index(fields=["merchant", "-at"], name="event_list"),
        ]

    def __str__(self) -> str:
        return self.kind


class JobRun(LeasedRun):
    """The run of a job for a merchant and local day; the unique key allows only one. Its cursor is a customer's key."""

    lease_length = timedelta(seconds=60)  # a chunk of 500 customers takes seconds on a busy machine

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        MISSED = "missed", "Missed"
        FAILED = "failed", "Failed"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="job_runs")
    job = models.CharField(max_length=32)
    local_date = models.DateField("day", help_text="The day it is for, in the merchant's zone.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(null=True, help_text="Customers concerned when it began.")
    customers = models.PositiveIntegerField(default=0, help_text="Customers looked at so far.")
    done = models.PositiveIntegerField(default=0, help_text="What was done to them: orders reminded of, placed, …")
    failures = models.PositiveIntegerField(
        "errors", default=0, help_text="Customers that were passed over for a fault."
    )
    error = models.TextField(blank=True, help_text="The last fault.")
    created = models.DateTimeField("started", default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "job", "local_date"], name="job_run_once_a_day")]
        indexes = [
            models.Index(fields=["merchant", "-created"], name="job_run_list"),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="job_run_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.local_date}"


class CancelReason(models.Model):
    """A reason that customers may choose when they cancel; `cancel_reason` of the subscription begins with `code`.

    An archived one is not offered any more, and names what was cancelled for it.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="cancel_reasons")
    application = models.CharField(
        max_length=32, default="msi", help_text="msi: the reasons that staff and customers choose from."
    )
    code = models.PositiveSmallIntegerField(
        help_text="By this number your shop, your marketing tools and Gladly know the reason. It stays."
    )
    label = models.CharField(
        "text",
        max_length=255,
        help_text="What customers and staff choose. A new text also names what was cancelled for this reason before.",
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    archived = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "application", "code"], name="cancel_reason_once")]
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.label
