"""Pauses a shop: its jobs, its posts to the platform, and what is sent to its connections.

Workers look for the pause when they take work, and finish what they have begun. A pause is to them as an outage: the
first runs after it make up for the days before, as far back as their jobs look.
"""

from django.db import transaction
from django.utils import timezone

from common.work import call_after_commit
from integrations.models import Connection
from integrations.outbox import notify_connections
from subscriptions.models import Merchant


def pause_shop(merchant: Merchant) -> None:
    Merchant.objects.filter(pk=merchant.pk, paused_at=None).update(paused_at=timezone.now())


def resume_shop(merchant: Merchant) -> None:
    with transaction.atomic():
        Merchant.objects.filter(pk=merchant.pk).update(paused_at=None)
        # Wake-ups that found the shop paused did nothing.
        Connection.objects.filter(merchant=merchant, lease_token=None).update(wake_requested=False)
        call_after_commit(notify_connections, merchant.pk)
