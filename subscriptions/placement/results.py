"""What the merchant's platform may answer to an order, and what each answer means for it.

The rule behind all of it: an order counts as placed only after a clear SUCCESS, and an outcome that is not known is
never taken for a failure, since a new charge would then double it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from subscriptions.models import Effect

LONGEST_REPLY = 1024 * 1024
EXCERPT = 4096
LONGEST_MESSAGE = 1000
LONGEST_ORDER_ID = 255
REPLY_FIELDS = ("code", "orderId", "errorCode", "errorMsg")
# Request time-out, too early, too many requests: the platform has not dealt with the order, or we cannot know.
NO_ANSWER_STATUSES = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class ResultCode:
    """`answered` is false for a code that only we set."""

    text: str
    meaning: str
    effect: Effect
    answered: bool = True


RESULT_CODES = {
    code.text: code
    for code in [
        ResultCode("000", "Placed.", Effect.PLACED),
        ResultCode("010", "The platform is still processing the order.", Effect.VERIFY),
        ResultCode("020", "The platform has a technical problem with this order.", Effect.REFUSED),
        ResultCode("030", "The platform wants this order cancelled.", Effect.CALLED_OFF),
        ResultCode("100", "The type of card is not accepted.", Effect.REFUSED),
        ResultCode("110", "The card number is wrong.", Effect.REFUSED),
        ResultCode("120", "The card has expired, or its expiry date is wrong.", Effect.REFUSED),
        ResultCode("130", "The billing address is wrong.", Effect.REFUSED),
        ResultCode("140", "The payment was declined.", Effect.DECLINED),
        ResultCode("150", "PayPal refused the payment.", Effect.REFUSED),
        ResultCode("160", "The payment must not be tried again.", Effect.REFUSED),
        ResultCode("170", "The customer has no default card.", Effect.REFUSED),
        ResultCode("180", "The bank wants the customer to confirm the payment.", Effect.REFUSED),
        ResultCode("810", "A newer order was sent instead.", Effect.REFUSED, answered=False),
        ResultCode("999", "The platform has a temporary error.", Effect.TEMPORARY),
    ]
}


class UnreadableReply(Exception):
    """The answer has not the agreed form; the sentence says why."""


@dataclass(frozen=True, slots=True)
class PlatformReply:
    """What came back over HTTP."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class PlacementResult:
    """What came of one try. `code` is a key of CODES, or what came in its place, or empty.

    `order_id` is the order's id on the platform: set if and only if it is placed. `http_status` is None when no
    answer came. `request` and `answer` are the beginnings of both bodies for the log, without card data.
    """

    effect: Effect
    code: str = ""
    message: str = ""
    order_id: str = ""
    http_status: int | None = None
    request: str = ""
    answer: str = ""


ReadReply = Callable[[bytes], PlacementResult]


def result_of_reply(reply: PlatformReply, read: ReadReply) -> PlacementResult:
    """The answer in `reply`, whose body `read` understands.

    From 500 on, 408, 425, 429 and an empty body: outcome unknown. A redirect is not followed, and no answer. Below
    500 a body that names an error counts whatever the status; one that names success beside a 4xx contradicts itself.
    """
    return replace(_judge(reply, read), http_status=reply.status, answer=body_excerpt(reply.body))


def result_of_fields(fields: Mapping[str, str]) -> PlacementResult:
    """The answer by the texts of its FIELDS; an absent one is an empty text."""
    code, order_id, error, message = (fields.get(name, "").strip() for name in REPLY_FIELDS)
    if code == "SUCCESS":
        return _success(order_id, error)
    if code == "PROCESSING":
        error = "010"
    elif code != "ERROR":
        return unreadable_result("The answer's code is none of SUCCESS, ERROR and PROCESSING.", code)
    known = RESULT_CODES.get(error)
    if known is None or not known.answered or known.effect is Effect.PLACED:
        return unreadable_result(f"The platform gave an unknown error code. {message}", error)
    return PlacementResult(known.effect, known.text, printable_line(message) or known.meaning)


def unreadable_result(message: str, code: str = "") -> PlacementResult:
    return PlacementResult(Effect.UNREADABLE, printable_line(code)[:16], printable_line(message))


def no_answer_result(message: str) -> PlacementResult:
    return PlacementResult(Effect.NO_ANSWER, message=printable_line(message))


def body_excerpt(body: bytes) -> str:
    """The first 4 KB of `body` as text that the database takes."""
    return body[:EXCERPT].decode("utf-8", "ignore").replace("\0", "")


def printable_line(text: str) -> str:
    """`text` in one line of at most 1000 characters that the database takes."""
    cut = text[:LONGEST_MESSAGE]
    return "".join(char if char.isprintable() else " " for char in cut).strip()


def check_reply_length(body: bytes) -> None:
    if len(body) > LONGEST_REPLY:
        raise UnreadableReply("The answer is longer than 1 MiB.")


def _success(order_id: str, error: str) -> PlacementResult:
    # Placed it may be, under an id that we do not know: neither a success nor a reason to send it again.
    if not order_id or len(order_id) > LONGEST_ORDER_ID or not order_id.isprintable():
        return unreadable_result("The answer is SUCCESS without a usable orderId.")
    if error not in ("", "000"):
        return unreadable_result("The answer is SUCCESS with an error code.", error)
    return PlacementResult(Effect.PLACED, "000", RESULT_CODES["000"].meaning, order_id)


def _judge(reply: PlatformReply, read: ReadReply) -> PlacementResult:
    status = reply.status
    if status >= 500 or status in NO_ANSWER_STATUSES or not reply.body.strip():
        return no_answer_result(f"The platform gave no answer (HTTP status {status}).")
    if status < 200 or 300 <= status < 400:
        return unreadable_result(f"The platform's address leads elsewhere (HTTP status {status}); correct the address.")
    answer = read(reply.body)
    if status < 400:
        return answer
    if answer.effect in (Effect.PLACED, Effect.VERIFY):
        return unreadable_result(f"The answer contradicts its HTTP status {status}.", answer.code)
    return replace(answer, message=printable_line(f"{answer.message} (HTTP status {status})"))
