from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from integrations.models.outbox import Connection
from subscriptions.models.fields import EncryptedField


class WebhookTarget(models.Model):
    """A connection of the kind webhook: its `base_url` is the target's address, its `secret` the signing key."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="target")
    pattern = models.TextField(blank=True, help_text="Events that are sent: names, family.* or *, joined by |.")
    snapshots = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    old_secret = EncryptedField(blank=True)
    old_secret_until = models.DateTimeField(null=True, help_text="Until then, bodies are signed with both keys.")
    secret_shown = models.BooleanField(default=False, help_text="The signing key was shown and is not shown again.")
    updated = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.connection)

    def valid_keys(self) -> list[str]:
        """The keys that bodies are signed with at this moment, the newest first."""
        is_rotating = self.old_secret_until is not None and timezone.now() < self.old_secret_until
        return [self.connection.secret, *([self.old_secret] if is_rotating else [])]
