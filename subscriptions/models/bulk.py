"""Tags that staff put on customers, and changes of many rows at once."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.work import LeasedRun
from subscriptions.models.customer import Customer
from subscriptions.models.fields import PublicIdField
from subscriptions.models.merchant import Merchant
from subscriptions.models.record import Activity


class Tag(models.Model):
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="tag_once")]

    def __str__(self) -> str:
        return self.name


class CustomerTag(models.Model):
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tags", db_index=False)
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "tag"], name="customer_tag_once")]
        indexes = [models.Index(fields=["tag", "customer"], name="customer_tag_list")]

    def __str__(self) -> str:
        return str(self.tag)


class BulkRun(LeasedRun):
    """One change of many rows, in the background. Its cursor is the key of a `BulkRow`; an undo goes backwards."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="bulk_runs")
    public_id = PublicIdField()
    kind = models.CharField(max_length=32, help_text="A name of `actions.bulk.BULK_KINDS`.")
    answers = models.JSONField(help_text="What staff chose for all rows, such as the number of days.")
    about = models.CharField(max_length=200, help_text="What is done, in a few words for staff.")
    actor = models.JSONField(help_text="Who began it.")
    undo_actor = models.JSONField(null=True, help_text="Who undid it.")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField("changed", default=0)
    refused = models.PositiveIntegerField("not changed", default=0)
    undone = models.PositiveIntegerField("taken back", default=0)
    kept = models.PositiveIntegerField("not taken back", default=0)
    created = models.DateTimeField("started", default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "bulk change"
        indexes = [
            models.Index(fields=["merchant", "-created", "-id"], name="bulk_run_list"),
            models.Index(
                fields=["lease_until"], condition=Q(state__in=["running", "undoing"]), name="bulk_run_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return self.about


class BulkRow(models.Model):
    """A row that a bulk change concerns, what became of it, and the activity by which that is undone."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Changed"
        REFUSED = "refused", "Not changed"
        UNDONE = "undone", "Taken back"
        KEPT = "kept", "Not taken back"

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="rows", db_index=False)
    subject = models.BigIntegerField(help_text="The key of an order, a subscription or a customer.")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    sentence = models.TextField(blank=True, help_text="What was done, or why nothing was.")
    activity = models.ForeignKey(Activity, models.DO_NOTHING, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "subject"], name="bulk_row_once")]
        indexes = [models.Index(fields=["run", "state", "id"], name="bulk_row_state")]

    def __str__(self) -> str:
        return f"{self.run}: {self.subject}"
