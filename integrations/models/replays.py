from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.work import LeasedRun
from integrations.models.outbox import Connection, Delivery
from subscriptions.models import Merchant


class Replay(LeasedRun):
    """Failed deliveries on their way to be sent again, in the background. Its cursor is a delivery's key.

    It concerns what had failed when it was made: deliveries up to the key `last`, of `connection` and `cause` where
    these are set.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="replays")
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="replays")
    cause = models.CharField(max_length=200, null=True, help_text="Empty: all causes.")
    state = models.CharField(max_length=8, default=Delivery.State.DEAD, help_text="The state of the deliveries.")
    last = models.BigIntegerField()
    total = models.PositiveIntegerField(null=True, help_text="Deliveries concerned when it began.")
    done = models.PositiveIntegerField(default=0)
    started_by = models.CharField(max_length=150)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["merchant"], condition=Q(finished=None), name="replay_unfinished")]

    def __str__(self) -> str:
        return self.cause or "All failed deliveries"
