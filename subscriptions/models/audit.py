"""The audit: what staff did that is no activity of a customer, line by line."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from subscriptions.models.merchant import Merchant


class AuditEntry(models.Model):
    """One thing that one person did. The names stay as they were, also after the person or the row is deleted."""

    class Kind(models.TextChoices):
        LOGIN = "login", "Login"
        FAILED_LOGIN = "failed_login", "Failed login"
        ACCESS = "access", "Team and logins"
        CHANGE = "change", "Change"
        SECRET = "secret", "Secret shown"
        EXPORT = "export", "File taken"

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField("what", max_length=16, choices=Kind)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    who = models.CharField(max_length=255, help_text="The person's name.")
    sentence = models.TextField()
    model = models.CharField(max_length=100, blank=True, help_text="Of the row it was done to, as app.model.")
    row = models.CharField(max_length=64, blank=True, help_text="The key of that row.")
    about = models.CharField(max_length=255, blank=True, help_text="The name of that row.")
    address = models.GenericIPAddressField("IP address", null=True)
    at = models.DateTimeField("time", default=timezone.now)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit"
        indexes = [
            models.Index(fields=["merchant", "-at", "-id"], name="audit_list"),
            models.Index(fields=["merchant", "kind", "-at", "-id"], name="audit_kind"),
            models.Index(fields=["merchant", "model", "row", "-id"], name="audit_row"),
        ]

    def __str__(self) -> str:
        return self.sentence
