"""Finishes purchases whose request was cut off before it was answered, or failed."""

import logging
from contextlib import suppress

from common.work import LeaseLost, claim_lease, unleased_rows
from subscriptions.actions import checkout_requests, purchase
from subscriptions.errors import Busy, DomainError
from subscriptions.models import CheckoutRequest

AT_ONCE = 100
MOST_ATTEMPTS = 10
GIVEN_UP = "It could not be done. Send the order again, or ask the staff of the portal."
DIED = "The process that carried it out died each time. The log has its details."
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
    if request.attempts > MOST_ATTEMPTS:  # no attempt came to an end that could have given up
        return _give_up(request, DIED)
    try:
        purchase.fulfil_request(request.pk)
    except Busy:
        request.release(checkout_requests.REST)
    except DomainError as refusal:
        general = {"non_field_errors": [refusal.sentence]}
        errors = refusal.errors if isinstance(refusal, purchase.PurchaseRefused) else general
        checkout_requests.give_up_request(request, errors, refusal.sentence)
    except LeaseLost:
        raise
    except Exception as error:
        log.exception("the purchase of order %s at merchant %s failed", request.merchant_order_id, request.merchant_id)
        if request.attempts >= MOST_ATTEMPTS:
            _give_up(request, checkout_requests.describe_fault(error))
        else:
            checkout_requests.rest_request(request, error)


def _give_up(request: CheckoutRequest, reason: str) -> None:
    checkout_requests.give_up_request(request, {"non_field_errors": [GIVEN_UP]}, reason)
