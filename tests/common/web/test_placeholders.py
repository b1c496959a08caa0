"""One way to fill the placeholders of a text."""

import pytest

from common.web.placeholders import fill_placeholders, find_placeholders

VALUES = {"date": "June 1", "product_name": "House blend"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{product_name} comes on {date}, {date}.", "House blend comes on June 1, June 1."),
        ("{unknown} stays, and so do {, }, {} and {not this}.", "{unknown} stays, and so do {, }, {} and {not this}."),
        ("{{date}} {{ date }} {date!r} {0}", "{June 1} {{ date }} {date!r} {0}"),
        ("", ""),
    ],
)
def test_what_has_a_value_is_filled_and_the_rest_stays(text: str, filled: str) -> None:
    assert fill_placeholders(text, VALUES) == filled


def test_a_value_is_not_filled_itself() -> None:
    values = {"product_name": r"{date} \1", "date": "{product_name}"}
    assert fill_placeholders("{product_name} {date}", values) == r"{date} \1 {product_name}"


def test_the_placeholders_of_a_text_are_found() -> None:
    assert find_placeholders("{date} {product_name} {date} {{ tag }} {}") == {"date", "product_name"}
