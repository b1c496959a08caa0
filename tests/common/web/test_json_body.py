import pytest

from common.web.json_body import decode_json, remove_unstorable_characters


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_json_is_read_with_and_without_a_byte_order_mark(encoding: str) -> None:
    assert decode_json('{"a": "ä"}'.encode(encoding)) == {"a": "ä"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"\xef\xbb\xbf", "Expecting value"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b'"\xff"', "the text is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 101 + b"]" * 101, "nested too deeply"),
        (b"9" * 5000, "digits"),
        (b'{"a": -1e400}', "a number is too large"),
    ],
)
def test_anything_else_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_json(body)


def test_a_hundred_levels_are_read() -> None:
    body = b'{"a":' * 99 + b"[1]" + b"}" * 99
    assert remove_unstorable_characters(decode_json(body)) == decode_json(body)


def test_characters_that_postgresql_refuses_are_removed_everywhere() -> None:
    given = {"a\0": ["b\ud800c", {"d": "\udfff"}, 1, None], "written out": "\\u0000"}
    assert remove_unstorable_characters(given) == {"a": ["bc", {"d": ""}, 1, None], "written out": "\\u0000"}
