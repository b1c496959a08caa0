"""Whole numbers as text from outside."""

LARGEST = 2**63 - 1  # of a bigint, so that any key fits


def parse_whole_number(text: str) -> int | None:
    """The number written in `text` in the digits 0 to 9, or None; also None for one that no column could hold.

    `str.isdecimal` alone accepts the digits of other scripts, and `int` fails with more than 4,300 digits.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= LARGEST else None
