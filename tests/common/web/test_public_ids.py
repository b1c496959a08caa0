"""One way to read and to write public ids."""

from uuid import UUID

import pytest

from common.web.public_ids import PublicIdConverter, new_public_id, parse_public_id

HEX = "019a9d0cc2f57b0a8d1be26a4d8a3f10"


def test_an_id_is_read_back_from_its_hex_digits() -> None:
    public_id = new_public_id()
    assert public_id.version == 7
    assert parse_public_id(public_id.hex) == public_id


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_public_id() for _ in range(100)]
    assert made == sorted(made)


@pytest.mark.parametrize(
    "text",
    [
        *("", HEX[1:], HEX + "0", HEX + "\n"),
        *(HEX.upper(), str(UUID(HEX)), HEX[:4] + "_" + HEX[5:]),
        "\N{FULLWIDTH DIGIT ZERO}" + HEX[1:],
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert parse_public_id(text) is None


@pytest.mark.parametrize("text", [HEX, HEX.upper(), str(UUID(HEX)), f"{{{UUID(HEX)}}}"])
def test_other_spellings_are_read_where_people_or_other_systems_write_them(text: str) -> None:
    assert parse_public_id(text, any_spelling=True) == UUID(HEX)


def test_what_is_no_uuid_in_any_spelling_is_no_id() -> None:
    assert parse_public_id("ana@shop.test", any_spelling=True) is None


def test_a_path_takes_an_id_or_its_digits_and_gives_the_id() -> None:
    converter = PublicIdConverter()
    assert converter.to_python(HEX) == UUID(HEX)
    assert converter.to_url(UUID(HEX)) == converter.to_url(HEX) == HEX
