"""The platform's reply in XML: `<order><code>…</code><orderId>…</orderId></order>`.

What only an attack would need is refused: document types, and so all entities but XML's own five; deep nesting; more
than 1 MiB.
"""

from typing import NoReturn
from xml.parsers import expat

from subscriptions.placement.results import (
    REPLY_FIELDS,
    PlacementResult,
    UnreadableReply,
    check_reply_length,
    document_in,
    result_of_fields,
    unreadable_result,
)

DEEPEST = 16


class NotXml(UnreadableReply):
    """The reply is no XML at all."""


def read_xml_reply(body: bytes) -> PlacementResult:
    """The result that `body` means. `body` may be any bytes: an unreadable reply is a result, too."""
    try:
        return result_of_fields(xml_reply_fields(body))
    except UnreadableReply as error:
        return unreadable_result(str(error))


def xml_reply_fields(body: bytes) -> dict[str, str]:
    """The texts of REPLY_FIELDS directly under `<order>`; other elements are ignored.

    Raises UnreadableReply; NotXml if `body` is no XML.
    """
    check_reply_length(body)
    parser, fields = expat.ParserCreate(), _FieldCollector()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = fields.start
    parser.EndElementHandler = fields.end
    parser.CharacterDataHandler = fields.text
    try:
        parser.Parse(document_in(body), True)
    # The parser also raises the errors of Python's codecs for the encoding that the body declares.
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NotXml(f"The answer is not XML: {error}.") from error
    return {name: "".join(parts) for name, parts in fields.parts.items()}


def _refuse_doctype(*_: object) -> NoReturn:
    raise UnreadableReply("The answer has a document type; answers must have none.")


class _FieldCollector:
    """Collects the texts of the fields while the parser goes through the body."""

    def __init__(self) -> None:
        self.depth = 0
        self.field = ""  # the field that the parser is in
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
