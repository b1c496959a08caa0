"""Purchases whose request was cut off before it was answered."""

import logging
from datetime import timedelta

from django.utils import timezone

from subscriptions.actions import purchase
from subscriptions.errors import Busy, DomainError
from subscriptions.models import CheckoutRequest

AT_ONCE = 100
MOST_ATTEMPTS = 10
WAIT = timedelta(seconds=30)
log = logging.getLogger(__name__)


def finish() -> int:
    """Do what was left undone, oldest first; returns how many were looked at. A tick of once a minute.

    What cannot be done is closed with the reason, after ten tries that failed for no reason anybody foresaw.
    """
    left = CheckoutRequest.objects.filter(answer__isnull=True, lease_until__lt=timezone.now()).order_by("id")[:AT_ONCE]
    for request in left:
        _finish(request)
    return len(left)


def _finish(request: CheckoutRequest) -> None:
    # Noted first, so that one that ends the process does not come first for ever.
    request.attempts += 1
    request.lease_until = timezone.now() + WAIT * request.attempts
    request.save(update_fields=["attempts", "lease_until"])
    try:
        purchase.fulfil(request.pk)
    except Busy:
        pass
    except purchase.Unfit as refusal:
        purchase.answer(request, purchase.failed(refusal.errors))
    except DomainError as refusal:
        purchase.answer(request, purchase.failed({"non_field_errors": [refusal.sentence]}))
    except Exception:
        log.exception("the purchase of order %s at merchant %s failed", request.merchant_order_id, request.merchant_id)
        if request.attempts >= MOST_ATTEMPTS:
            purchase.answer(request, purchase.failed({"non_field_errors": ["It could not be done; see the log."]}))
