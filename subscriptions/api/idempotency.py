"""`Idempotency-Key`: a repeated write gets the first one's answer and acts no second time."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api.authentication import Credential, caller
from subscriptions.api.errors import Conflict
from subscriptions.models import IdempotencyKey

KEPT = timedelta(hours=24)
# Longer than any request may take. The row of a process that died becomes free again; as answers are
# committed together with what they answer for, nothing had happened under it.
LEASE = timedelta(seconds=90)
GIVEN = re.compile(r"[\x20-\x7e]{1,255}")
NOT_KEPT = {423, 429}
HEADERS = ["X-Error-Code"]


def once(
    request: Request, act: Callable[[], Response], refuse: Callable[[Exception], Response]
) -> Response | HttpResponse:
    """The answer of `act`, or the kept one; what `act` raises becomes an answer by `refuse`, or is raised on.

    Raises `Conflict` while the first request is running (409) and for another body under the same key (422).
    """
    text = request.headers.get("idempotency-key")
    if text is None:
        return act()
    if not GIVEN.fullmatch(text):
        raise ParseError("An Idempotency-Key is 1 to 255 printable ASCII characters.")
    claim = _claim(request, text)
    if isinstance(claim, HttpResponse):
        return claim
    try:
        with transaction.atomic():
            response = act()
            claim.keep(response)
    except Exception as error:
        response = claim.settle(error, refuse)
    return response


@dataclass(frozen=True, slots=True)
class _Claim:
    """The right to act under a key; `at` fences off whoever held it before and is still running."""

    pk: int
    at: datetime

    def settle(self, error: Exception, refuse: Callable[[Exception], Response]) -> Response:
        try:
            response = refuse(error)
        except Exception:
            self.release()
            raise
        if response.status_code >= 500 or response.status_code in NOT_KEPT or isinstance(error, Conflict):
            self.release()
        else:
            self.keep(response)
        return response

    def keep(self, response: Response) -> None:
        answer = {
            # As text: a JSON column would not keep the order of the keys.
            "body": JSONRenderer().render(response.data).decode(),
            "headers": {name: response[name] for name in HEADERS if response.has_header(name)},
        }
        if not self._rows().update(status=response.status_code, answer=answer):
            raise _busy()

    def release(self) -> None:
        self._rows().delete()

    def _rows(self) -> QuerySet[IdempotencyKey]:
        return IdempotencyKey.objects.filter(pk=self.pk, created=self.at, status=None)


def _claim(request: Request, text: str) -> _Claim | HttpResponse:
    credential = cast(Credential, caller(request))
    body_hash = hashlib.sha256(request._request.body).hexdigest()
    now = timezone.now()
    row, is_new = IdempotencyKey.objects.get_or_create(
        merchant=credential.merchant,
        credential=credential.name,
        method=request.method,
        path=request._request.path_info[:500],
        key=text,
        defaults={"body_hash": body_hash, "created": now},
    )
    if is_new or _take_over(row, body_hash, now):
        return _Claim(row.pk, now)
    if row.body_hash != body_hash:
        raise Conflict(422, "idempotency_mismatch", "This Idempotency-Key came with another body before.")
    if row.status is None:
        raise _busy()
    kept: dict[str, Any] = row.answer or {}
    headers = kept["headers"] | {"Idempotency-Replayed": "true"}
    return HttpResponse(kept["body"], status=row.status, content_type="application/json", headers=headers)


def _take_over(row: IdempotencyKey, body_hash: str, now: datetime) -> bool:
    """Claim a row that has expired, or whose process died; of two that try, one succeeds."""
    free = Q(created__lt=now - KEPT) | Q(status=None, created__lt=now - LEASE)
    rows = IdempotencyKey.objects.filter(free, pk=row.pk)
    return bool(rows.update(body_hash=body_hash, created=now, status=None, answer=None))


def _busy() -> Conflict:
    return Conflict(409, "idempotency_busy", "A request with this Idempotency-Key is running.", retry_after=1)
