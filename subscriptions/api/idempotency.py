"""`Idempotency-Key`: a repeated write gets the answer of the first one and is not performed again."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.work import LeaseLost, claim_lease
from subscriptions.api.authentication import Credential, credential_of
from subscriptions.api.errors import Conflict
from subscriptions.models import IdempotencyKey

KEPT = timedelta(hours=24)
KEY_PATTERN = re.compile(r"[\x20-\x7e]{1,255}")
NOT_KEPT_STATUSES = {423, 429}
KEPT_HEADERS = ["ETag", "X-Error-Code"]


class SecretResponse(Response):
    """An answer with a secret, which is stored nowhere: a repeated request gets `kept` instead."""

    def __init__(self, data: Any, *, kept: Any) -> None:
        super().__init__(data)
        self.kept = kept


def answer_once(
    request: Request,
    perform: Callable[[], Response],
    refuse: Callable[[Exception], Response],
    key: str | None = None,
) -> Response | HttpResponse:
    """The answer of `perform`, or the stored answer of the first request with the same key.

    `key` is used without the header. `refuse` turns an exception from `perform` into an answer, or raises it again.
    Raises `Conflict` while the first request is running (409), and for another body under the same key (422).
    """
    text = request.headers.get("idempotency-key", key)
    if text is None:
        return perform()
    if not KEY_PATTERN.fullmatch(text):
        raise ParseError("An Idempotency-Key is 1 to 255 printable ASCII characters.")
    row = _claim_key(request, text)
    if isinstance(row, HttpResponse):
        return row
    try:
        # In one transaction: if the lease is lost, what `perform` did is undone.
        with transaction.atomic():
            response = perform()
            _store_answer(row, response)
    except Exception as error:
        response = _answer_error(row, error, refuse)
    return response


def _claim_key(request: Request, text: str) -> IdempotencyKey | HttpResponse:
    """The row of the key with a lease for this request, or the stored answer."""
    credential = cast(Credential, credential_of(request))
    # Keyed, because a body may hold a card number, which a plain hash would let a thief guess.
    body_hash = salted_hmac("idempotency", request._request.body, algorithm="sha256").hexdigest()
    now = timezone.now()
    row, is_new = IdempotencyKey.objects.get_or_create(
        merchant=credential.merchant,
        credential=credential.name,
        method=request.method,
        path=request._request.path_info[:500],
        key=text,
        defaults={"body_hash": body_hash, "created": now, **IdempotencyKey.new_lease()},
    )
    if is_new:
        return row
    # Expired rows count as new. So do rows of dead processes: an answer is committed together with its changes, so
    # nothing has happened under a key without an answer.
    free = IdempotencyKey.objects.filter(Q(created__lt=now - KEPT) | Q(status=None))
    if claimed := claim_lease(free, row.pk, body_hash=body_hash, created=now, status=None, answer=None):
        return claimed
    if row.body_hash != body_hash:
        raise Conflict(422, "idempotency_mismatch", "This Idempotency-Key came with another body before.")
    if row.status is None:
        raise _busy_conflict()
    kept: dict[str, Any] = row.answer or {}
    headers = kept["headers"] | {"Idempotency-Replayed": "true"}
    return HttpResponse(kept["body"], status=row.status, content_type="application/json", headers=headers)


def _answer_error(row: IdempotencyKey, error: Exception, refuse: Callable[[Exception], Response]) -> Response:
    """The answer to what `perform` raised. Internal errors and answers that may differ on a retry are not stored."""
    try:
        response = refuse(error)
    except Exception:
        row.held().delete()
        raise
    if response.status_code >= 500 or response.status_code in NOT_KEPT_STATUSES or isinstance(error, Conflict):
        row.held().delete()
    else:
        _store_answer(row, response)
    return response


def _store_answer(row: IdempotencyKey, response: Response) -> None:
    kept = response.kept if isinstance(response, SecretResponse) else response.data
    answer = {
        # As text: a JSON column would not keep the order of the keys.
        "body": JSONRenderer().render(kept).decode(),
        "headers": {name: response[name] for name in KEPT_HEADERS if response.has_header(name)},
    }
    try:
        row.release(status=response.status_code, answer=answer)
    except LeaseLost as lost:
        raise _busy_conflict() from lost


def _busy_conflict() -> Conflict:
    return Conflict(409, "idempotency_busy", "A request with this Idempotency-Key is running.", retry_after=1)
