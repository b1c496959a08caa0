import pytest

from oneclick.links import sms_length


@pytest.mark.parametrize(
    ("text", "characters", "segments"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("{x}", 5, 1),
        ("ñ" * 161, 161, 2),
        ("…" + "a" * 69, 70, 1),
        ("…" + "a" * 70, 71, 2),
        ("🍵" * 35, 70, 1),
        ("🍵" * 36, 72, 2),
    ],
)
def test_segments_are_counted_as_carriers_do(text: str, characters: int, segments: int) -> None:
    assert sms_length.measure_sms(text)[:2] == (characters, segments)


def test_characters_that_make_a_text_unicode_are_listed_once() -> None:
    assert sms_length.measure_sms("ça… c’est… 12 €").stray == "ç…’"
