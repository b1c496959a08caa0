"""The length of a text message as carriers count it (3GPP TS 23.038 and 23.040)."""

from typing import NamedTuple

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # each counts as two


class SmsSize(NamedTuple):
    """`characters` is the carriers' count. `stray` are characters outside their alphabet, which force Unicode."""

    characters: int
    segments: int
    stray: str


def measure_sms(text: str) -> SmsSize:
    stray = "".join(dict.fromkeys(char for char in text if char not in BASIC | EXTENDED))
    if stray:
        return SmsSize(units := len(text.encode("utf-16-le")) // 2, _segment_count(units, 70, 67), stray)
    units = len(text) + sum(char in EXTENDED for char in text)
    return SmsSize(units, _segment_count(units, 160, 153), "")


def _segment_count(units: int, alone: int, joined: int) -> int:
    return 1 if units <= alone else -(-units // joined)
