from django.db import models

from subscriptions.models.merchant import Merchant
from subscriptions.models.subscription import Subscription


class UnplannedSubscription(models.Model):
    """A live subscription that had no next order when they were last looked for: see `jobs/unplanned.py`."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    subscription = models.OneToOneField(Subscription, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.subscription)
