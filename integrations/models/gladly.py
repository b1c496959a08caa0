"""A merchant's Gladly: what its account needs beside the connection, and the log of what it asked."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from integrations.models.outbox import Connection
from subscriptions.models import Merchant
from subscriptions.models.fields import EncryptedField


class AgentAction(models.TextChoices):
    """What agents may do in Gladly. The labels are those of the buttons."""

    CANCEL = "cancel", "Cancel Order"
    SKIP = "skip", "Skip Next Order"


class GladlyAccount(models.Model):
    """A connection of the kind gladly. Its own columns hold the timeline: `secret` is the API token of `api_user`.

    The columns here are those of the Lookup Adaptor, which answers unless the connection was removed.
    """

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="gladly")
    signing_key = EncryptedField(blank=True)
    basic_user = models.CharField("user name", max_length=255, blank=True)
    basic_password = EncryptedField("password", blank=True)
    header_name = models.CharField(max_length=100, blank=True)
    header_value = EncryptedField(blank=True)
    actions_enabled = ArrayField(
        models.CharField(max_length=16, choices=AgentAction),
        verbose_name="actions",
        default=list,
        blank=True,
        help_text="The buttons that agents see.",
    )
    api_user = models.EmailField("API user", max_length=254, blank=True)

    def __str__(self) -> str:
        return str(self.connection)


class GladlyRequest(models.Model):
    """One request of Gladly's, for staff. It holds nothing of what the customer's profile says.

    `found`: how many customers, or what the agent was told. `subject` is the public id of a subscription.
    """

    class Kind(models.TextChoices):
        BASIC = "basic", "Search"
        DETAILED = "detailed", "Profile"
        CANCEL_FORM = "cancel_form", "Cancel form"
        CANCEL = "cancel", "Cancel"
        SKIP_FORM = "skip_form", "Skip form"
        SKIP = "skip", "Skip"
        OTHER = "other", "Other"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Answered"
        NOTHING = "nothing", "Nothing found"
        DONE = "done", "Done"
        REPEATED = "repeated", "Done before"
        STAYS = "stays", "Asked again"
        REFUSED = "refused", "Refused"
        UNAUTHORIZED = "unauthorized", "Not signed in"
        FAULT = "fault", "Fault"

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField("time", default=timezone.now)
    kind = models.CharField("request", max_length=16, choices=Kind)
    outcome = models.CharField(max_length=16, choices=Outcome)
    found = models.CharField("what happened", max_length=500, blank=True)
    subject = models.UUIDField("subscription", null=True)
    milliseconds = models.PositiveIntegerField("duration (ms)")
    correlation_id = models.CharField("correlation ID", max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "-id"], name="gladly_request_list"),
            models.Index(fields=["connection", "-id"], name="gladly_request_connection"),
            models.Index(fields=["at"], name="gladly_request_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_outcome_display()}"
