"""The final answer to an order post, which the platform sends on its own when its first answer was not final."""

from collections.abc import Mapping

from subscriptions.actions.customer_lock import hold_customer
from subscriptions.actions.placement_results import finalize_placement
from subscriptions.actions.subjects import reload_subject
from subscriptions.actors import Actor
from subscriptions.models import Effect, Order, OrderStatus
from subscriptions.placement.results import PlacementResult, UnreadableReply, result_of_fields
from subscriptions.placement.xml_reply import NotXml, xml_reply_fields

S = OrderStatus
WAITING = (S.PENDING_BATCH_RESPONSE, S.PENDING_VERIFICATION, S.CONNECTION_ERROR_DURING_PLACEMENT)
# The numbers of the REST API, and the codes that programs find in its header.
MISSING, NOT_XML, STATUS, FORMAT = 1, 2, 3, 4
CODES: Mapping[int, str] = {
    MISSING: "answer_missing",
    NOT_XML: "answer_not_xml",
    STATUS: "order_not_due",
    FORMAT: "answer_not_understood",
}


class NotFinal(Exception):
    """The answer cannot be recorded, and nothing has changed. `retry`: the same answer may be accepted later."""

    def __init__(self, number: int, sentence: str, *, retry: bool = False) -> None:
        super().__init__(sentence)
        self.number, self.sentence, self.retry = number, sentence, retry


def record_final_answer(order: Order, *, answer_xml: str, actor: Actor) -> None:
    """Record the answer, in the form of an answer to an order post, on an order that waits for it.

    Raises NotFinal, and `Busy` when another write holds the customer.
    """
    answer = read_final_answer(answer_xml)
    with hold_customer(order.customer_id, order.merchant_id) as customer:
        status = OrderStatus(reload_subject(order, customer).status)
        if status not in WAITING:
            queued = status is OrderStatus.PENDING_PLACEMENT
            raise NotFinal(STATUS, f"An order of the status {status.name} does not wait for an answer.", retry=queued)
        finalize_placement(order, answer=answer, actor=actor)


def read_final_answer(answer_xml: str) -> PlacementResult:
    if not answer_xml.strip():
        raise NotFinal(MISSING, "response_xml is required.")
    try:
        answer = result_of_fields(xml_reply_fields(answer_xml.encode(errors="replace")))
    except UnreadableReply as error:
        raise NotFinal(NOT_XML if isinstance(error, NotXml) else FORMAT, str(error)) from error
    if answer.effect is Effect.UNREADABLE:
        raise NotFinal(FORMAT, answer.message)
    return answer
