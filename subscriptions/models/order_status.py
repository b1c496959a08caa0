"""The table of order statuses: each row says what may happen to an order with that status.

Guards of actions, jobs, indexes, staff pages and REST filters all derive from these rows. The rules behind the rows
are those of section 7 of the REST contract.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.db import models

HISTORIC_STATUSES = (2, 7, 8, 16)  # clients of the REST API may filter by them; no order has them


class OrderStatus(models.IntegerChoices):
    """The numbers of the REST API."""

    UNSENT = 1, "Upcoming"
    REJECTED = 3, "Rejected"
    CANCELLED = 4, "Cancelled"
    SUCCESS = 5, "Placed"
    SEND_NOW = 6, "Send now"
    PENDING_BATCH_RESPONSE = 9, "Waiting for a file"
    PENDING_VERIFICATION = 10, "Waiting for verification"
    PENDING_PLACEMENT = 11, "Being placed"
    EXCEPTION_DURING_PLACEMENT_PREPARATION = 12, "Failed before sending"
    CONNECTION_ERROR_DURING_PLACEMENT = 13, "Outcome unknown"
    RESPONSE_PROCESSING_ERROR = 14, "Answer not understood"
    GENERIC_ERROR_RESPONSE = 15, "Temporary error"
    MERGED = 17, "Merged"
    CREDIT_CARD_RETRY = 18, "Payment retry"
    AWAITING_RETRY_INSTRUCTIONS = 19, "Waiting for a decision"
    AWAITING_RESPONSE_CLASSIFICATION = 20, "Waiting for classification"


class Effect(models.TextChoices):
    """The result of an attempt to place an order."""

    PLACED = "placed", "Placed"
    VERIFY = "verify", "Being processed"
    REFUSED = "refused", "Refused"
    CALLED_OFF = "called_off", "Cancelled by the platform"
    DECLINED = "declined", "Payment declined"
    TEMPORARY = "temporary", "Temporary error"
    NOT_SENT = "not_sent", "Failed before sending"
    NO_ANSWER = "no_answer", "Outcome unknown"
    UNREADABLE = "unreadable", "Answer not understood"

    @property
    def status(self) -> OrderStatus:
        """The status that the order gets. After a declined payment without a retry, it is rejected instead."""
        (status,) = statuses_where(lambda row: row.effect is self)
        return status


Color = Literal["info", "success", "warning", "danger", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """What may happen to an order with this status.

    `leads_to`: the statuses that one action may give it.
    `effect`: the result of a placement attempt that leads to this status.
    `color`: the color of the label on staff pages.
    `changeable`: unless the order is locked, it can be skipped, and its payment and address changed. Cancelling its
    last subscription cancels it.
    `gives_way`: the order is rejected when a later order of the same subscription is sent now. An order of unknown
    outcome is not: it may have been placed.
    `awaits_result`: a placement result settles the order.
    `held`: a result that neither places nor rejects the order may give it this status.
    `each_run`: each placement run tries the order, whatever its date.
    `timed`: `retry_at` says when the order goes on by itself.
    `each_minute`: the tasks of every minute look for it, by the index `order_prompt`; a change needs a migration.
    `trying`: a later order must not charge for what this order charges.
    `in_placement`: the order is due, but not settled.
    `settled_by_staff`: Reprise cannot find out the result, so staff may enter it.
    """

    leads_to: frozenset[OrderStatus] = frozenset()
    effect: Effect | None = None
    color: Color = "warning"
    changeable: bool = False
    gives_way: bool = False
    awaits_result: bool = False
    held: bool = False
    each_run: bool = False
    timed: bool = False
    each_minute: bool = False
    trying: bool = False
    in_placement: bool = False
    settled_by_staff: bool = False

    @property
    def may_wait_for_stock(self) -> bool:
        """Items may leave the order. An order of unknown outcome is sent again whole: it may have been placed."""
        return OrderStatus.PENDING_PLACEMENT in self.leads_to and not self.awaits_result


def statuses_where(condition: Callable[[StatusRow], bool]) -> list[OrderStatus]:
    """The statuses whose rows meet `condition`, in the order of the table."""
    return [status for status, row in STATUS_ROWS.items() if condition(row)]


S = OrderStatus
RESULTS = frozenset(
    {
        *(S.SUCCESS, S.REJECTED, S.CANCELLED, S.CREDIT_CARD_RETRY, S.AWAITING_RETRY_INSTRUCTIONS),
        *(S.PENDING_VERIFICATION, S.EXCEPTION_DURING_PLACEMENT_PREPARATION, S.CONNECTION_ERROR_DURING_PLACEMENT),
        *(S.RESPONSE_PROCESSING_ERROR, S.GENERIC_ERROR_RESPONSE),
    }
)
STATUS_ROWS: Mapping[OrderStatus, StatusRow] = {
    S.UNSENT: StatusRow(
        leads_to=frozenset({S.SEND_NOW, S.PENDING_PLACEMENT, S.CANCELLED, S.MERGED}),
        color="info",
        changeable=True,
    ),
    S.SEND_NOW: StatusRow(
        leads_to=frozenset({S.PENDING_PLACEMENT, S.UNSENT}),
        each_run=True,
        each_minute=True,
        trying=True,
        in_placement=True,
    ),
    S.PENDING_PLACEMENT: StatusRow(
        leads_to=RESULTS,
        awaits_result=True,
        each_minute=True,
        trying=True,
        in_placement=True,
    ),
    S.PENDING_VERIFICATION: StatusRow(
        leads_to=RESULTS,
        effect=Effect.VERIFY,
        awaits_result=True,
        held=True,
        trying=True,
        in_placement=True,
        settled_by_staff=True,
    ),
    S.EXCEPTION_DURING_PLACEMENT_PREPARATION: StatusRow(
        leads_to=frozenset({S.PENDING_PLACEMENT, S.UNSENT, S.REJECTED}),
        effect=Effect.NOT_SENT,
        gives_way=True,
        held=True,
        each_run=True,
        trying=True,
        in_placement=True,
    ),
    S.CONNECTION_ERROR_DURING_PLACEMENT: StatusRow(
        leads_to=RESULTS | {S.PENDING_PLACEMENT},
        effect=Effect.NO_ANSWER,
        awaits_result=True,
        held=True,
        each_run=True,
        trying=True,
        in_placement=True,
    ),
    S.GENERIC_ERROR_RESPONSE: StatusRow(
        leads_to=frozenset({S.PENDING_PLACEMENT, S.UNSENT, S.CANCELLED, S.REJECTED}),
        effect=Effect.TEMPORARY,
        changeable=True,
        gives_way=True,
        held=True,
        each_run=True,
        trying=True,
        in_placement=True,
    ),
    S.CREDIT_CARD_RETRY: StatusRow(
        leads_to=frozenset({S.PENDING_PLACEMENT, S.UNSENT, S.CANCELLED, S.REJECTED}),
        effect=Effect.DECLINED,
        changeable=True,
        gives_way=True,
        timed=True,
        each_minute=True,
        trying=True,
        in_placement=True,
    ),
    S.AWAITING_RETRY_INSTRUCTIONS: StatusRow(
        leads_to=frozenset({S.CREDIT_CARD_RETRY, S.REJECTED}),
        timed=True,
        each_minute=True,
        trying=True,
        in_placement=True,
    ),
    S.RESPONSE_PROCESSING_ERROR: StatusRow(
        leads_to=RESULTS,
        effect=Effect.UNREADABLE,
        color="danger",
        awaits_result=True,
        held=True,
        in_placement=True,
        settled_by_staff=True,
    ),
    S.SUCCESS: StatusRow(effect=Effect.PLACED, color="success"),
    # A rejected order may be rescued, a skipped or merged one restored.
    S.REJECTED: StatusRow(leads_to=frozenset({S.CREDIT_CARD_RETRY}), effect=Effect.REFUSED, color="danger"),
    S.CANCELLED: StatusRow(leads_to=frozenset({S.UNSENT}), effect=Effect.CALLED_OFF, color="default"),
    S.MERGED: StatusRow(leads_to=frozenset({S.UNSENT}), color="default"),
    # The API has these two. No action sets them, because no gateway here places orders by files or classifies answers.
    S.PENDING_BATCH_RESPONSE: StatusRow(leads_to=RESULTS, awaits_result=True),
    S.AWAITING_RESPONSE_CLASSIFICATION: StatusRow(),
}
