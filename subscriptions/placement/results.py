"""What the merchant's platform may reply to an order post, and the placement result that each reply means.

Two rules stand behind the table. An order counts as placed only after a clear SUCCESS. An attempt whose outcome is
unknown never counts as failed, because the next order would then charge the customer a second time.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from common.web.printable import printable_line
from subscriptions.models import Effect

LONGEST_REPLY = 1024 * 1024
EXCERPT = 4096
LONGEST_MESSAGE = 1000
LONGEST_CODE = 16
LONGEST_ORDER_ID = 255
REPLY_FIELDS = ("code", "orderId", "errorCode", "errorMsg")
# Request time-out, too early, too many requests: these do not say whether the platform has processed the order.
NO_ANSWER_STATUSES = {408, 425, 429}
BEFORE_DOCUMENT = re.compile(rb"\A(?:\s|\xef\xbb\xbf)+")
BLANKS_BEFORE_UTF_16 = re.compile(rb"\A\s+(?=\xff\xfe|\xfe\xff)")


@dataclass(frozen=True, slots=True)
class ResultCode:
    """`replied` is false for a code that only Reprise sets."""

    text: str
    meaning: str
    effect: Effect
    replied: bool = True


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
        ResultCode("810", "A newer order was sent instead.", Effect.REFUSED, replied=False),
        ResultCode("999", "The platform has a temporary error.", Effect.TEMPORARY),
    ]
}


class UnreadableReply(Exception):
    """The reply does not have the agreed form; the sentence says why."""


@dataclass(frozen=True, slots=True)
class PlatformReply:
    """The HTTP response to an order post."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class PlacementResult:
    """The result of one attempt to place an order.

    `code`: a key of RESULT_CODES, or what the platform sent in place of one, or empty.
    `order_id`: the order's id on the platform, set if and only if the order is placed.
    `http_status`: None when no reply came.
    `request` and `answer`: the beginnings of both bodies for the placement log, without card data.
    """

    effect: Effect
    code: str = ""
    message: str = ""
    order_id: str = ""
    http_status: int | None = None
    request: str = ""
    answer: str = ""


ReadReply = Callable[[bytes], PlacementResult]


def result_of_reply(reply: PlatformReply, read_body: ReadReply) -> PlacementResult:
    """The result that the HTTP status and the body mean together.

    An error in the body counts with every status below 500. A success with a 4xx status is a contradiction.
    """
    status = reply.status
    if status >= 500 or status in NO_ANSWER_STATUSES or not document_in(reply.body):
        result = no_answer_result(f"The platform gave no answer (HTTP status {status}).")
    elif status < 200 or 300 <= status < 400:
        # Redirects are not followed: they would take the order to an unchecked address.
        message = f"The platform's address leads elsewhere (HTTP status {status}); correct the address."
        result = unreadable_result(message)
    else:
        result = read_body(reply.body)
        if status >= 400 and result.effect in (Effect.PLACED, Effect.VERIFY):
            result = unreadable_result(f"The answer contradicts its HTTP status {status}.", result.code)
        elif status >= 400:
            result = replace(
                result, message=printable_line(f"{result.message} (HTTP status {status})", LONGEST_MESSAGE)
            )
    return replace(result, http_status=status, answer=body_excerpt(reply.body))


def result_of_fields(fields: Mapping[str, str]) -> PlacementResult:
    """The result that a reply with these texts for REPLY_FIELDS means; a field may be absent."""
    code, order_id, error, message = (fields.get(name, "").strip() for name in REPLY_FIELDS)
    if error.isascii() and error.isdigit():
        error = error.zfill(3)
    if code == "SUCCESS":
        return _success_result(order_id, error)
    if code == "PROCESSING":
        error = "010"
    elif code != "ERROR":
        return unreadable_result("The answer's code is none of SUCCESS, ERROR and PROCESSING.", code)
    known = RESULT_CODES.get(error)
    if known is None or not known.replied or known.effect is Effect.PLACED:
        return unreadable_result(f"The platform gave an unknown error code. {message}", error)
    return PlacementResult(known.effect, known.text, printable_line(message, LONGEST_MESSAGE) or known.meaning)


def _success_result(order_id: str, error: str) -> PlacementResult:
    # Without a usable id, the order may still have been placed: it is no success, but must not be sent again.
    if not order_id or len(order_id) > LONGEST_ORDER_ID or not order_id.isprintable():
        return unreadable_result("The answer is SUCCESS without a usable orderId.")
    if error not in ("", "000"):
        return unreadable_result("The answer is SUCCESS with an error code.", error)
    return PlacementResult(Effect.PLACED, "000", RESULT_CODES["000"].meaning, order_id)


def unreadable_result(message: str, code: str = "") -> PlacementResult:
    return PlacementResult(
        Effect.UNREADABLE, printable_line(code, LONGEST_CODE), printable_line(message, LONGEST_MESSAGE)
    )


def no_answer_result(message: str) -> PlacementResult:
    return PlacementResult(Effect.NO_ANSWER, message=printable_line(message, LONGEST_MESSAGE))


def not_sent_result(message: str) -> PlacementResult:
    return PlacementResult(Effect.NOT_SENT, message=printable_line(message, LONGEST_MESSAGE))


def body_excerpt(body: bytes) -> str:
    """The first 4 KB of `body` as text that PostgreSQL accepts."""
    return body[:EXCERPT].decode("utf-8", "ignore").replace("\0", "")


def document_in(body: bytes) -> bytes | str:
    """`body` without the blanks and byte order marks before its document; a text if it is in UTF-16 or UTF-32.

    Other encodings stay bytes, because an XML document declares its own.
    """
    body = BLANKS_BEFORE_UTF_16.sub(b"", body)
    encoding = json.detect_encoding(body)
    if encoding.startswith("utf-8"):
        return BEFORE_DOCUMENT.sub(b"", body)
    return body.decode(encoding, "replace").lstrip("\ufeff \t\r\n")


def check_reply_length(body: bytes) -> None:
    """Raises UnreadableReply."""
    if len(body) > LONGEST_REPLY:
        raise UnreadableReply("The answer is longer than 1 MiB.")
