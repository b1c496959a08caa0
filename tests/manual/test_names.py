"""The manual of merchants is true: what it writes in bold stands on Home or on the pages that it has pictures of.

In italics are the names on other systems' pages, and what a page shows only at times, such as *Undo*.
"""

import re
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path

from django.test import Client

from tests.admin.conftest import World
from tests.manual.scenes import SCENES
from tests.manual.shop import do_the_work_of_staff

PICTURE = re.compile(r"pictures/([\w-]+)\.webp")
NAME = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
READ_OUT = re.compile(r'(?:aria-label|title|placeholder|value|data-label)="([^"]*)"')
DIALOG = re.compile(r'data-dialog="([^"]*)"')


def names_on(html: str) -> set[str]:
    """Each text between two tags, what stands in an empty field, and what is read out without what it is about."""
    read_out = [text.partition(": ")[0] for text in READ_OUT.findall(html)]
    return {" ".join(unescape(text).split()) for text in [*re.split(r"<[^>]*>", html), *read_out]}


def names_in(text: str) -> set[str]:
    """What is bold; a way such as `Settings → Team` has two names."""
    return {" ".join(name.split()) for bold in NAME.findall(text) for name in bold.split("→")}


def names_shown(client: Client, address: str) -> set[str]:
    page = client.get(address, follow=True)
    assert page.status_code == 200, address
    html = page.content.decode()
    dialogs = {unescape(dialog) for dialog in DIALOG.findall(html)}
    return names_on(html).union(*(names_on(client.get(dialog).content.decode()) for dialog in sorted(dialogs)))


def test_the_manual_names_only_what_is_on_the_pages_it_shows(own: World, login: Callable[..., Client]) -> None:
    client = login(own.merchant)
    do_the_work_of_staff(client, own.merchant)
    names_at = cache(lambda address: names_shown(client, address))
    missing = {}
    for page in sorted(Path("docs/merchants").glob("*.md")):
        text = page.read_text()
        shown = {SCENES[name].address(own.merchant) for name in PICTURE.findall(text)}
        missing[page.name] = sorted(names_in(text).difference(*(names_at(address) for address in {"/admin/", *shown})))
    assert {name: names for name, names in missing.items() if names} == {}


def test_each_picture_is_one_that_make_pictures_takes() -> None:
    assert {picture.stem for picture in Path("docs/pictures").iterdir()} == set(SCENES)
