"""Files that staff import in the browser: the run, the file itself, and the rows that cannot be imported."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.work import LeasedRun
from subscriptions.models.merchant import Merchant


class ImportRun(LeasedRun):
    """One file, which is first checked and then imported. Its cursor counts the records that were gone through.

    `created_rows`, `updated_rows` and `unchanged_rows` say what the check would have done, until the import begins.
    """

    class Kind(models.TextChoices):
        PRODUCTS = "products", "Products"
        CUSTOMERS = "customers", "Customers"
        SUBSCRIPTIONS = "subscriptions", "Subscriptions"

    class State(models.TextChoices):
        UPLOADING = "uploading", "Being uploaded"
        UPLOADED = "uploaded", "Columns to match"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        IMPORTING = "importing", "Being imported"
        DONE = "done", "Imported"
        STOPPED = "stopped", "Stopped"
        DISCARDED = "discarded", "Discarded"
        FAILED = "failed", "Failed"

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="import_runs")
    kind = models.CharField("of", max_length=16, choices=Kind, default=Kind.CUSTOMERS)
    file_name = models.CharField("file", max_length=200)
    header = models.JSONField(default=list, help_text="The names in the first row of the file.")
    examples = models.JSONField(default=list, help_text="For each column, what is in its first cells; until the end.")
    columns = models.JSONField(default=list, help_text="What each column of the file holds; empty for nothing.")
    actor = models.JSONField(help_text="Who uploaded the file.")
    state = models.CharField(max_length=9, choices=State, default=State.UPLOADING)
    total = models.PositiveIntegerField("rows", default=0)
    created_rows = models.PositiveIntegerField("new", default=0)
    updated_rows = models.PositiveIntegerField("changed", default=0)
    unchanged_rows = models.PositiveIntegerField("unchanged", default=0)
    refused_rows = models.PositiveIntegerField("refused", default=0)
    remarks = models.JSONField(default=list, help_text="What to know: each a sentence, its rows, and what to do.")
    created = models.DateTimeField("uploaded", default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "import"
        indexes = [
            models.Index(fields=["merchant", "-created", "-id"], name="import_run_list"),
            models.Index(
                fields=["lease_until"], condition=Q(state__in=["checking", "importing"]), name="import_run_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"Import of {self.file_name}"


class ImportPart(models.Model):
    """A part of an uploaded file, here for workers on all machines, until the file is imported."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_part_once")]

    def __str__(self) -> str:
        return f"{self.run}: {self.number}"


class RefusedRow(models.Model):
    """A record of a file that cannot be imported, and why. Full card numbers are left out of its cells."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="refusals", db_index=False)
    line = models.PositiveIntegerField(help_text="Of the file, on which the record begins.")
    cells = models.JSONField()
    reason = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="refused_row_once")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
