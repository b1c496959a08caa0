"""Texts that come from other systems."""


def printable_line(text: str, longest: int) -> str:
    """`text` as one line of at most `longest` characters that PostgreSQL accepts."""
    return "".join(char if char.isprintable() else " " for char in text[:longest]).strip()
