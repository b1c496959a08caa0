"""The answers to refused and to doubtful clicks."""

from uuid import UUID

from oneclick.analytics import clicks
from oneclick.analytics.visits import Visit
from oneclick.messages.customer_messages import error_message
from oneclick.models import ActionToken
from subscriptions.errors import Refused
from subscriptions.models import Merchant


class InDoubt(Exception):
    """A machine may have come, so nothing was done: the page has to ask first. `visit` is not recorded yet."""

    def __init__(self, token: ActionToken, visit: Visit) -> None:
        super().__init__("The visit has signs of a machine.")
        self.token, self.visit = token, visit


def customer_refusal(table: str, code: str, merchant: Merchant | None = None, locale: str = "") -> Refused:
    """The refusal with the sentence that the customer reads."""
    return Refused(code, error_message(table, code, merchant, locale or (merchant.locale if merchant else "")))


def record_refusal(nonce: UUID, table: str, code: str, visit: Visit | None = None) -> Refused:
    """Record the click after the transaction's rollback; `visit` is None for an undo."""
    token = ActionToken.objects.select_related("merchant__one_click", "customer", "subscription").get(nonce=nonce)
    if visit is None:
        clicks.record_undo(token, code)
    else:
        clicks.record_click(token, table, code, visit)
    return customer_refusal(table, code, token.merchant, token.customer.locale)
