"""The order post in JSON, and its answer `{"code","orderId","errorCode","errorMsg"}`."""

import json
from typing import Any

from subscriptions.placement.answers import FIELDS, Answer, Unreadable, check_length, understood, unreadable
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.http_gateway import Codec
from subscriptions.placement.objects import everything


def write(request: PlacementRequest, *, with_card: bool) -> bytes:
    return json.dumps(everything(request, with_card=with_card), separators=(",", ":")).encode()


def read(body: bytes) -> Answer:
    """The answer in `body`; takes any bytes and raises nothing."""
    try:
        return understood(fields(body))
    except Unreadable as error:
        return unreadable(str(error))


def fields(body: bytes) -> dict[str, str]:
    """The texts of FIELDS; other keys are passed over. Raises Unreadable."""
    check_length(body)
    try:
        answer = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The answer is no JSON.") from error
    if not isinstance(answer, dict):
        raise Unreadable("The answer is no JSON object.")
    return {name: _text(name, answer.get(name)) for name in FIELDS}


FORM = Codec("application/json", write, read)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that comes twice nobody knows which is meant."""
    answer = dict(pairs)
    if len(answer) != len(pairs):
        raise Unreadable("The answer has a key twice.")
    return answer


def _text(name: str, value: object) -> str:
    """A number is taken for its text; codes have three digits."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:03}" if name == "errorCode" else str(value)
    raise Unreadable(f"{name} in the answer is no text.")
