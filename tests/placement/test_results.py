"""The placement result of each answer, in XML and JSON."""

import json
import re

import pytest

from subscriptions.models import Effect, OrderStatus
from subscriptions.placement import json_codec, xml_codec, xml_reply
from subscriptions.placement.results import (
    LONGEST_REPLY,
    RESULT_CODES,
    PlacementResult,
    PlatformReply,
    body_excerpt,
    result_of_reply,
)

STATUSES = {
    "010": OrderStatus.PENDING_VERIFICATION,
    "020": OrderStatus.REJECTED,
    "030": OrderStatus.CANCELLED,
    "100": OrderStatus.REJECTED,
    "110": OrderStatus.REJECTED,
    "120": OrderStatus.REJECTED,
    "130": OrderStatus.REJECTED,
    "140": OrderStatus.CREDIT_CARD_RETRY,
    "150": OrderStatus.REJECTED,
    "160": OrderStatus.REJECTED,
    "170": OrderStatus.REJECTED,
    "180": OrderStatus.REJECTED,
    "999": OrderStatus.GENERIC_ERROR_RESPONSE,
}


def xml(**fields: str) -> bytes:
    return xml_codec.xml_element("order", xml_codec.xml_leaves(fields)).encode()


def as_json(**fields: object) -> bytes:
    return json.dumps(fields).encode()


FORMS = pytest.mark.parametrize(
    ("body", "read"), [(xml, xml_reply.read_xml_reply), (as_json, json_codec.read_json_reply)]
)


@FORMS
@pytest.mark.parametrize(("code", "status"), STATUSES.items())
def test_every_error_code_has_its_status(body, read, code, status):
    answer = read(body(code="ERROR", errorCode=code, errorMsg="So it is."))
    assert (answer.effect.status, answer.code, answer.message, answer.order_id) == (status, code, "So it is.", "")


@pytest.mark.contract
def test_the_table_is_the_published_one(contracts):
    section = (contracts / "rest-api.md").read_text().split("### 7.4")[1].split("### 7.5")[0]
    published = {}
    for row in re.findall(r"^\| (`\d{3}`(?: `\d{3}`)*) \|[^|]*\| (\d+) \|", section, re.MULTILINE):
        published |= dict.fromkeys(re.findall(r"\d{3}", row[0]), int(row[1]))
    assert {code.text: code.effect.status for code in RESULT_CODES.values()} == published


@FORMS
@pytest.mark.parametrize(
    ("sent", "code"), [("20", "020"), (" 20\n", "020"), ("10", "010"), ("30", "030"), ("999", "999")]
)
def test_an_error_code_with_fewer_than_three_digits_is_filled_with_zeros(body, read, sent, code):
    assert read(body(code="ERROR", errorCode=sent)).code == code


@FORMS
@pytest.mark.parametrize("error", ["", "0", "00", "000"])
def test_success_may_say_that_there_is_no_error(body, read, error):
    assert read(body(code="SUCCESS", orderId="1224", errorCode=error)).effect is Effect.PLACED


BEFORE = ["", "\n", "\ufeff", "\r\n \t", "\ufeff\n", "\n\ufeff", "\n\ufeff \ufeff\n"]


@FORMS
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("before", BEFORE)
def test_blanks_and_byte_order_marks_before_the_document_are_skipped(body, read, before, encoding):
    document = body(code="SUCCESS", orderId="1224").decode()
    declared = '<?xml version="1.0" encoding="' + encoding[:6] + '"?>' if body is xml else ""
    assert read((before + declared + document).encode(encoding)).order_id == "1224"


@FORMS
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_blanks_in_another_encoding_than_the_document_are_skipped(body, read, encoding):
    assert read(b" \r\n" + body(code="SUCCESS", orderId="1224").decode().encode(encoding)).order_id == "1224"


@pytest.mark.parametrize("before", [b"", b"\n", b"\xef\xbb\xbf\n"])
def test_the_encoding_that_xml_declares_counts_whatever_is_before_it(before):
    document = '<?xml version="1.0" encoding="ISO-8859-1"?><order><code>ERROR</code><errorCode>110</errorCode>'
    document += "<errorMsg>Numéro faux</errorMsg></order>"
    assert xml_reply.read_xml_reply(before + document.encode("latin-1")).message == "Numéro faux"


@FORMS
def test_success_with_an_order_id_is_placed(body, read):
    answer = read(body(code="SUCCESS", orderId="1224"))
    assert answer == PlacementResult(Effect.PLACED, "000", "Placed.", "1224")


@FORMS
def test_processing_waits_for_verification(body, read):
    assert read(body(code="PROCESSING")).effect is Effect.VERIFY


@FORMS
def test_an_error_without_a_message_says_what_its_code_means(body, read):
    assert read(body(code="ERROR", errorCode="110")).message == "The card number is wrong."


@FORMS
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"code": "SUCCESS"},
        {"code": "SUCCESS", "orderId": " "},
        {"code": "SUCCESS", "orderId": "1" * 256},
        {"code": "SUCCESS", "orderId": "12\n24"},
        {"code": "SUCCESS", "orderId": "1224", "errorCode": "110"},
        {"code": "success", "orderId": "1224"},
        {"code": "OK", "orderId": "1224"},
        {"orderId": "1224"},
        {"code": "ERROR"},
        {"code": "ERROR", "errorCode": "777"},
        {"code": "ERROR", "errorCode": "000"},
        {"code": "ERROR", "errorCode": "0"},
        {"code": "ERROR", "errorCode": "5"},
        {"code": "ERROR", "errorCode": "-20"},
        {"code": "ERROR", "errorCode": "²0"},
        {"code": "ERROR", "errorCode": "0020"},
        {"code": "ERROR", "errorCode": "810"},
        {"code": "ERROR", "errorCode": "14"},
        {"code": "140"},
    ],
)
def test_an_unclear_answer_is_left_to_staff(body, read, fields):
    answer = read(body(**fields))
    assert (answer.effect, answer.order_id) == (Effect.UNREADABLE, "")
    assert answer.message and len(answer.code) <= 16


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<order/>",
        b"<answer><code>SUCCESS</code><orderId>1</orderId></answer>",
        b"<a><order><code>SUCCESS</code><orderId>1</orderId></order></a>",
        b"<order><a><code>SUCCESS</code><orderId>1</orderId></a></order>",
        b"<order><code>SUCCESS</code><code>ERROR</code><orderId>1</orderId></order>",
        b"<order><code>SUCCESS</code><orderId>1</orderId><orderId>2</orderId></order>",
        b"<order><code>SUC<b/>CESS</code><orderId>1</orderId></order>",
        b"<order><code>SUCCESS</code><orderId>1</orderId>",
        b"<order><code>SUCCESS</code><orderId>1</orderId></order><order/>",
        b'<?xml version="1.0" encoding="nowhere"?><order><code>SUCCESS</code><orderId>1</orderId></order>',
    ],
)
def test_other_xml_is_not_understood(body):
    assert xml_reply.read_xml_reply(body).effect is Effect.UNREADABLE


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?>\n<order>\n <code> SUCCESS </code>\n <orderId><![CDATA[1224]]></orderId>\n</order>\n',
        b'<order xmlns="urn:shop"><!-- ok --><code><![CDATA[ SUC]]>CESS</code><orderId>\n1224\n</orderId></order>',
        b"<order><code>SUCCESS</code><orderId>12&#50;4</orderId><more><a>1</a></more></order>",
        '<?xml version="1.0" encoding="utf-16"?><order><code>SUCCESS</code><orderId>1224</orderId></order>'.encode(
            "utf-16"
        ),
    ],
)
def test_any_spelling_of_the_xml_is_understood(body):
    assert xml_reply.read_xml_reply(body).order_id == "1224"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"SUCCESS"',
        b'{"code":"SUCCESS","orderId":["1"]}',
        b'{"code":"SUCCESS","orderId":true}',
        b'{"code":"SUCCESS","orderId":1.5}',
        b'{"code":"ERROR","code":"SUCCESS","orderId":"1"}',
        b'{"code":"SUCCESS","orderId":"\\ud800"}',
        b'{"code":"SUCCESS","orderId":"1\\u0000"}',
    ],
)
def test_other_json_is_not_understood(body):
    assert json_codec.read_json_reply(body).effect is Effect.UNREADABLE


def test_numbers_in_json_count_as_their_texts():
    assert json_codec.read_json_reply(as_json(code="SUCCESS", orderId=1224, errorCode=None)).order_id == "1224"
    assert json_codec.read_json_reply(as_json(code="ERROR", errorCode=30)).effect is Effect.CALLED_OFF


@pytest.mark.parametrize("status", [500, 502, 503, 599, 408, 425, 429])
def test_a_server_error_leaves_the_result_unknown_even_with_a_success_body(status):
    answer = result_of_reply(PlatformReply(status, xml(code="SUCCESS", orderId="1")), xml_reply.read_xml_reply)
    assert (answer.effect.status, answer.http_status) == (OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT, status)


@pytest.mark.parametrize(
    "reply",
    [
        PlatformReply(200, b""),
        PlatformReply(204, b""),
        PlatformReply(200, b" \r\n"),
        PlatformReply(200, b"\xef\xbb\xbf"),
        PlatformReply(200, b"\xff\xfe\n\0"),
        PlatformReply(404, b""),
    ],
)
def test_an_empty_answer_leaves_the_result_unknown(reply):
    assert result_of_reply(reply, xml_reply.read_xml_reply).effect is Effect.NO_ANSWER


@pytest.mark.parametrize("status", [301, 302, 307, 304])
def test_a_redirect_is_an_unreadable_answer(status):
    answer = result_of_reply(PlatformReply(status, xml(code="SUCCESS", orderId="1")), xml_reply.read_xml_reply)
    assert answer.effect is Effect.UNREADABLE and str(status) in answer.message


@pytest.mark.parametrize(
    ("fields", "effect"),
    [
        ({"code": "SUCCESS", "orderId": "1"}, Effect.UNREADABLE),
        ({"code": "PROCESSING"}, Effect.UNREADABLE),
        ({"code": "ERROR", "errorCode": "140"}, Effect.DECLINED),
        ({"code": "ERROR", "errorCode": "999"}, Effect.TEMPORARY),
        ({"code": "nothing"}, Effect.UNREADABLE),
    ],
)
def test_a_client_error_may_name_an_error_but_no_success(fields, effect):
    answer = result_of_reply(PlatformReply(402, xml(**fields)), xml_reply.read_xml_reply)
    assert answer.effect is effect and "402" in answer.message


def test_the_log_keeps_the_beginning_of_an_answer_in_a_storable_form():
    assert body_excerpt(b"a\x00b\xff" + b"x" * 9000) == "ab" + "x" * 4092
    assert len(result_of_reply(PlatformReply(200, b"x" * LONGEST_REPLY), xml_reply.read_xml_reply).answer) == 4096
