"""The platform's answer in XML: `<order><code>…</code><orderId>…</orderId></order>`.

What an answer has no need of is refused before it is looked at: document types, and with them all entities but XML's
own five; deep nesting; more than 1 MiB.
"""

from typing import NoReturn
from xml.parsers import expat

from subscriptions.placement.results import (
    REPLY_FIELDS,
    PlacementResult,
    UnreadableReply,
    check_reply_length,
    result_of_fields,
    unreadable_result,
)

DEEPEST = 16


def read_xml_reply(body: bytes) -> PlacementResult:
    """The answer in `body`; takes any bytes and raises nothing."""
    try:
        return result_of_fields(xml_reply_fields(body))
    except UnreadableReply as error:
        return unreadable_result(str(error))


def xml_reply_fields(body: bytes) -> dict[str, str]:
    """The texts of FIELDS right under `<order>`; other elements are passed over. Raises Unreadable."""
    check_reply_length(body)
    parser, answer = expat.ParserCreate(), _Answer()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = answer.start
    parser.EndElementHandler = answer.end
    parser.CharacterDataHandler = answer.text
    try:
        parser.Parse(body, True)
    # Apart from its own errors the parser raises those of Python's codecs, for an encoding the body claims.
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UnreadableReply(f"The answer is no XML: {error}.") from error
    return {name: "".join(parts) for name, parts in answer.parts.items()}


def _refuse_doctype(*_: object) -> NoReturn:
    raise UnreadableReply("The answer has a document type; answers must have none.")


class _Answer:
    """Collects the texts while the parser goes through the body."""

    def __init__(self) -> None:
        self.depth = 0
        self.field = ""  # the one being read
        self.parts: dict[str, list[str]] = {}

    def start(self, name: str, _: object) -> None:
        self.depth += 1
        if self.depth == 1 and name != "order":
            raise UnreadableReply("The answer does not begin with <order>.")
        if self.depth > DEEPEST or self.field:
            raise UnreadableReply("The answer has elements where only text is read.")
        if self.depth == 2 and name in REPLY_FIELDS:
            if name in self.parts:
                raise UnreadableReply(f"The answer has {name} twice.")
            self.field, self.parts[name] = name, []

    def end(self, _: str) -> None:
        self.depth -= 1
        if self.depth == 1:
            self.field = ""

    def text(self, data: str) -> None:
        if self.field:
            self.parts[self.field].append(data)
