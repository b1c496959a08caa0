"""A checkout that a shop has posted, from its receipt until it has a result or is given up."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from common.web.printable import printable_line
from common.work import LeaseLost
from subscriptions.actors import Actor
from subscriptions.errors import DomainError, refused
from subscriptions.models import CheckoutRequest, Merchant

JsonObject = dict[str, Any]
WITHOUT_RESULT = Q(answer__isnull=True) | ~Q(reason="")
REST = timedelta(seconds=30)
LONGEST_MESSAGE = 300


def store_request(merchant: Merchant, body: JsonObject, *, actor: Actor) -> CheckoutRequest:
    """Store `body`, a checked `PurchaseBody` as JSON, under a lease.

    Refused if this shop order was received before, unless it failed then: `body` takes the place of what failed.
    """
    request = CheckoutRequest(
        merchant=merchant,
        merchant_order_id=body["merchant_order_id"],
        actor=actor.as_json(),
        body=body,
        **CheckoutRequest.new_lease(),
    )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError as error:
        failed = _replace_failed(request)
        if failed is None:
            raise refused("order_received", id=request.merchant_order_id) from error
        return failed
    return request


def _replace_failed(request: CheckoutRequest) -> CheckoutRequest | None:
    """The stored request of the same order, with the columns of `request`; None if it has a result or is worked on."""
    same = CheckoutRequest.objects.filter(merchant=request.merchant, merchant_order_id=request.merchant_order_id)
    # A request that rests between two attempts has no token, but a time.
    free = same.filter(WITHOUT_RESULT).filter(Q(lease_token=None) | Q(lease_until__lte=timezone.now()))
    columns = {name: getattr(request, name) for name in ("actor", "body", "lease_token", "lease_until")}
    taken = free.update(answer=None, reason="", attempts=0, **columns)
    return same.select_related("merchant").get() if taken else None


def close_request(request: CheckoutRequest, answer: JsonObject) -> None:
    """Close `request` with its result, and clear its body, which is no longer needed. Raises `LeaseLost`."""
    request.answer, request.body = answer, {}
    request.release(answer=answer, body={}, reason="")


def give_up_request(request: CheckoutRequest, errors: JsonObject, reason: str) -> None:
    """Close `request` without a result. Its body stays for another attempt of staff. Raises `LeaseLost`."""
    nothing: JsonObject = {"customer": None, "payment": None, "shipping_address": None, "subscriptions": []}
    request.release(answer=nothing | {"errors": errors}, reason=reason)


def rest_request(request: CheckoutRequest, error: Exception) -> None:
    """Leave `request` to the job after an unforeseen `error`, and say why. Raises `LeaseLost`."""
    rest = REST * (request.attempts or 1)
    request.release(rest, attempts=F("attempts") + 1, reason=describe_fault(error))


def keep_fault(request: CheckoutRequest, error: Exception) -> None:
    """`rest_request`, even if the transaction that stored `request` was undone by the unforeseen `error`.

    Best effort: the fault may be the database's own, and somebody else may have sent the order again meanwhile.
    """
    with suppress(DatabaseError, DomainError, LeaseLost):
        if not request.held().exists():
            request = store_request(request.merchant, request.body, actor=Actor.from_json(request.actor))
        rest_request(request, error)


def retry_request(request: CheckoutRequest) -> None:
    """Let the job carry out a failed `request` once more. Refused if it has a result or is being carried out."""
    waiting = CheckoutRequest.objects.filter(WITHOUT_RESULT, pk=request.pk, lease_token=None).exclude(body={})
    if not waiting.update(answer=None, attempts=0, lease_until=None):
        raise refused("checkout_not_failed")


def describe_fault(error: Exception) -> str:
    """What an unforeseen `error` says, for staff; without its details, which may name the shopper."""
    said = printable_line(str(error).partition("\n")[0], LONGEST_MESSAGE)
    return f"An unexpected error: {said or 'it gave no reason'}. The log has its details."
