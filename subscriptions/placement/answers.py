"""What the merchant's platform may answer to an order, and what each answer means for it.

The rule behind all of it: an order counts as placed only after a clear SUCCESS, and an outcome that is not known is
never taken for a failure, since a new charge would then double it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from subscriptions.models import Effect

LONGEST_ANSWER = 1024 * 1024
EXCERPT = 4096
LONGEST_MESSAGE = 1000
LONGEST_ORDER_ID = 255
FIELDS = ("code", "orderId", "errorCode", "errorMsg")
# Request time-out, too early, too many requests: the platform has not dealt with the order, or we cannot know.
NO_ANSWER_STATUSES = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Code:
    """`answered` is false for a code that only we set."""

    text: str
    meaning: str
    effect: Effect
    answered: bool = True


CODES = {
    code.text: code
    for code in [
        Code("000", "Placed.", Effect.PLACED),
        Code("010", "The platform is still processing the order.", Effect.VERIFY),
        Code("020", "The platform has a technical problem with this order.", Effect.REFUSED),
        Code("030", "The platform wants this order cancelled.", Effect.CALLED_OFF),
        Code("100", "The type of card is not accepted.", Effect.REFUSED),
        Code("110", "The card number is wrong.", Effect.REFUSED),
        Code("120", "The card has expired, or its expiry date is wrong.", Effect.REFUSED),
        Code("130", "The billing address is wrong.", Effect.REFUSED),
        Code("140", "The payment was declined.", Effect.DECLINED),
        Code("150", "PayPal refused the payment.", Effect.REFUSED),
        Code("160", "The payment must not be tried again.", Effect.REFUSED),
        Code("170", "The customer has no default card.", Effect.REFUSED),
        Code("180", "The bank wants the customer to confirm the payment.", Effect.REFUSED),
        Code("810", "A newer order was sent instead.", Effect.REFUSED, answered=False),
        Code("999", "The platform has a temporary error.", Effect.TEMPORARY),
    ]
}


class Unreadable(Exception):
    """The answer has not the agreed form; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
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


Read = Callable[[bytes], Answer]


def judge(reply: Reply, read: Read) -> Answer:
    """The answer in `reply`, whose body `read` understands.

    From 500 on, 408, 425, 429 and an empty body: outcome unknown. A redirect is not followed, and no answer. Below
    500 a body that names an error counts whatever the status; one that names success beside a 4xx contradicts itself.
    """
    return replace(_judge(reply, read), http_status=reply.status, answer=excerpt(reply.body))


def understood(fields: Mapping[str, str]) -> Answer:
    """The answer by the texts of its FIELDS; an absent one is an empty text."""
    code, order_id, error, message = (fields.get(name, "").strip() for name in FIELDS)
    if code == "SUCCESS":
        return _success(order_id, error)
    if code == "PROCESSING":
        error = "010"
    elif code != "ERROR":
        return unreadable("The answer's code is none of SUCCESS, ERROR and PROCESSING.", code)
    known = CODES.get(error)
    if known is None or not known.answered or known.effect is Effect.PLACED:
        return unreadable(f"The platform gave an unknown error code. {message}", error)
    return Answer(known.effect, known.text, printable(message) or known.meaning)


def unreadable(message: str, code: str = "") -> Answer:
    return Answer(Effect.UNREADABLE, printable(code)[:16], printable(message))


def no_answer(message: str) -> Answer:
    return Answer(Effect.NO_ANSWER, message=printable(message))


def excerpt(body: bytes) -> str:
    """The first 4 KB of `body` as text that the database takes."""
    return body[:EXCERPT].decode("utf-8", "ignore").replace("\0", "")


def printable(text: str) -> str:
    """`text` in one line of at most 1000 characters that the database takes."""
    cut = text[:LONGEST_MESSAGE]
    return "".join(char if char.isprintable() else " " for char in cut).strip()


def check_length(body: bytes) -> None:
    if len(body) > LONGEST_ANSWER:
        raise Unreadable("The answer is longer than 1 MiB.")


def _success(order_id: str, error: str) -> Answer:
    # Placed it may be, under an id that we do not know: neither a success nor a reason to send it again.
    if not order_id or len(order_id) > LONGEST_ORDER_ID or not order_id.isprintable():
        return unreadable("The answer is SUCCESS without a usable orderId.")
    if error not in ("", "000"):
        return unreadable("The answer is SUCCESS with an error code.", error)
    return Answer(Effect.PLACED, "000", CODES["000"].meaning, order_id)


def _judge(reply: Reply, read: Read) -> Answer:
    status = reply.status
    if status >= 500 or status in NO_ANSWER_STATUSES or not reply.body.strip():
        return no_answer(f"The platform gave no answer (HTTP status {status}).")
    if status < 200 or 300 <= status < 400:
        return unreadable(f"The platform's address leads elsewhere (HTTP status {status}); correct the address.")
    answer = read(reply.body)
    if status < 400:
        return answer
    if answer.effect in (Effect.PLACED, Effect.VERIFY):
        return unreadable(f"The answer contradicts its HTTP status {status}.", answer.code)
    return replace(answer, message=printable(f"{answer.message} (HTTP status {status})"))
