from django.db import models

from integrations.models.outbox import Connection
from subscriptions.models import Customer


class SentProfile(models.Model):
    """What an ESP was last told of a customer, as far as the portal must know it."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="profiles")
    # A customer is never removed while events point at it; an erased one stays here to be left out.
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="+", db_constraint=False)
    email = models.CharField(max_length=254, blank=True, help_text="Lower case.")
    phone_number = models.CharField(max_length=40, blank=True, help_text="E.164.")
    remote_id = models.CharField(max_length=64, blank=True, help_text="The profile's ID at the ESP, where known.")
    status = models.CharField(max_length=8, blank=True, help_text="The subscriber status sent last.")
    sent_at = models.DateTimeField(null=True, help_text="When the status was sent.")
    last_event = models.BigIntegerField(default=0, help_text="The key of the newest event that was sent.")
    erased_at = models.DateTimeField(null=True, help_text="Nothing more is sent about this customer.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "customer"], name="sent_profile_once")]
        indexes = [models.Index(fields=["connection", "email"], name="sent_profile_email")]

    def __str__(self) -> str:
        return self.email or self.phone_number
