from django.db import models
from django.db.models import Q
from django.utils import timezone

from subscriptions.models import Customer, Merchant


class Erasure(models.Model):
    """That a customer was erased. What was on its way in that moment is erased some minutes later: see `privacy`."""

    kept_of_erased = ("identifiers",)

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    customer = models.OneToOneField(Customer, models.PROTECT, related_name="+")
    at = models.DateTimeField("time", default=timezone.now)
    identifiers = models.JSONField(help_text="By which late traces are found; emptied with them.")
    settled_at = models.DateTimeField(null=True, help_text="When nothing was left, here or at Klaviyo.")

    class Meta:
        indexes = [models.Index(fields=["at"], condition=Q(settled_at=None), name="erasure_unsettled")]

    def __str__(self) -> str:
        return f"Erasure of {self.at:%Y-%m-%d}"
