"""Finishes purchases whose request was cut off before it was answered."""

import logging
from contextlib import suppress
from datetime import timedelta

from django.db.models import F

from common.work import LeaseLost, claim_lease, unleased_rows
from subscriptions.actions import purchase
from subscriptions.errors import Busy, DomainError
from subscriptions.models import CheckoutRequest

AT_ONCE = 100
MOST_ATTEMPTS = 10
REST = timedelta(seconds=30)
log = logging.getLogger(__name__)


def finish() -> int:
    """Each minute: finish open purchases, oldest first. Returns how many were found.

    A refused purchase is closed with the reason. One that fails is tried ten times, at growing intervals.
    """
    open_requests = CheckoutRequest.objects.filter(answer__isnull=True)
    left = list(unleased_rows(open_requests).order_by("id").values_list("pk", flat=True)[:AT_ONCE])
    for pk in left:
        request = claim_lease(open_requests, pk)
        if request is not None:
            with suppress(LeaseLost):  # its own process answered it after all
                _finish(request)
    return len(left)


def _finish(request: CheckoutRequest) -> None:
    try:
        purchase.fulfil_request(request.pk)
    except Busy:
        request.release(REST)
    except purchase.PurchaseRefused as refusal:
        purchase.close_request(request, purchase.failed_answer(refusal.errors))
    except DomainError as refusal:
        purchase.close_request(request, purchase.failed_answer({"non_field_errors": [refusal.sentence]}))
    except Exception:
        log.exception("the purchase of order %s at merchant %s failed", request.merchant_order_id, request.merchant_id)
        if request.attempts >= MOST_ATTEMPTS:
            purchase.close_request(
                request, purchase.failed_answer({"non_field_errors": ["It could not be done; see the log."]})
            )
        else:
            request.release(REST * request.attempts, attempts=F("attempts") + 1)
