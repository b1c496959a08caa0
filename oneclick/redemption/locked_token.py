"""The lock that serializes clicks on one token and all changes to its customer."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from common.db import Param, Query
from oneclick.models import ActionToken
from subscriptions.actions.customer_lock import lock_customer
from subscriptions.errors import NotFound
from subscriptions.models import Merchant

# Both rows are locked, because only a locked row is read as the previous click left it.
TOKEN = Query(
    lambda: (
        ActionToken.objects.select_for_update(of=("customer", "self"), no_key=True)
        .select_related("customer__merchant__one_click")
        .filter(nonce=Param("nonce"))
    )
)


@contextmanager
def lock_token(nonce: UUID, merchant: Merchant | None) -> Iterator[ActionToken]:
    """A transaction that holds the token and its customer. Raises NotFound for another merchant's token, and Busy."""
    with lock_customer(TOKEN, nonce=nonce) as token:
        if merchant and merchant.pk != token.merchant_id:
            raise NotFound("not_found", "This token is another merchant's.")
        token.merchant = token.customer.merchant
        yield token
