"""The compiled message catalogues in the repository match their sources."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings

from oneclick.messages.default_messages import CORRECTED_MESSAGES, DEFAULT_MESSAGES
from oneclick.messages.interface_messages import INTERFACE_MESSAGES

FOLDERS = sorted((settings.BASE_DIR / "oneclick" / "locale").glob("*/LC_MESSAGES"))
ENTRY = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[(\d)\])?) ((?:".*"\n?)+)', re.MULTILINE)


def source(folder: Path) -> dict[str | tuple[str, int], str]:
    """Text → translation, as compiled; plurals by singular and number."""
    found: dict[str | tuple[str, int], str] = {}
    key = ""
    for keyword, number, lines in ENTRY.findall((folder / "django.po").read_text()):
        text = "".join(ast.literal_eval(line) for line in lines.split("\n") if line)
        if keyword == "msgid":
            key = text
        elif keyword.startswith("msgstr"):
            found[(key, int(number)) if number else key] = text
    del found[""]  # the header
    return found


def compiled(folder: Path) -> dict[str | tuple[str, int], str]:
    with (folder / "django.mo").open("rb") as file:
        found = dict(gettext.GNUTranslations(file)._catalog)
    del found[""]
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_compiled_catalogue_matches_its_source(folder: Path) -> None:
    assert compiled(folder) == source(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_no_text_is_missing(folder: Path) -> None:
    texts = {
        text
        for table in (*DEFAULT_MESSAGES.values(), *CORRECTED_MESSAGES.values(), INTERFACE_MESSAGES)
        for text in table.values()
    }
    assert texts <= set(source(folder))
    assert all(source(folder).values())


def test_there_is_a_catalogue_for_each_language_but_english() -> None:
    assert {folder.parent.name for folder in FOLDERS} == set(dict(settings.LANGUAGES)) - {"en"}
