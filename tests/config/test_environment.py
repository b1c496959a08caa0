"""The operators' table of settings has all that the code reads, with the defaults it has there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

CODE = ("common", "config", "demo", "integrations", "onboarding", "oneclick", "subscriptions")
# What processes of the portal tell each other.
INTERNAL = {"REPRISE_UNDER_MAKE", "REPRISE_SUPERVISED"}
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| .+ \|$", re.MULTILINE)
DIRECT = re.compile(r"os\.environ(?:\.get\(|\[)(\w+|\"\w+\")")


def read_table() -> dict[str, str]:
    rows = ROW.findall((settings.BASE_DIR / "docs/operators/environment.md").read_text())
    assert len(rows) == len(dict(rows))
    return dict(rows)


def find_settings() -> Iterator[tuple[str, ast.expr | None]]:
    """Each name that the settings file reads, with the expression of its default."""
    for node in ast.walk(ast.parse((settings.BASE_DIR / "config/settings.py").read_text())):
        if not (isinstance(node, ast.Call) and re.match(r"env(\.\w+)?$", ast.unparse(node.func))):
            continue
        if node.args and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value, next((word.value for word in node.keywords if word.arg == "default"), None)


def find_direct_reads(file: Path) -> Iterator[str]:
    """Names that other code reads itself; a name in capitals is looked up in its module."""
    text = file.read_text()
    for name in DIRECT.findall(text):
        if constant := re.search(rf'^{name} = "(\w+)"', text, re.MULTILINE):
            yield constant[1]
        elif name.startswith('"'):
            yield name.strip('"')


def test_the_table_of_settings_has_every_name_that_is_read_and_no_other() -> None:
    read = {name for name, _ in find_settings()}
    for folder in CODE:
        for file in (settings.BASE_DIR / folder).rglob("*.py"):
            read |= set(find_direct_reads(file))
    assert len(read) > 40
    assert read_table().keys() == read - INTERNAL


def test_the_table_of_settings_tells_the_defaults_of_the_code() -> None:
    defaults = {name: node.value for name, node in find_settings() if isinstance(node, ast.Constant)}
    # Words tell what an empty default means, and the one that only its library knows.
    plain = {name: value for name, value in defaults.items() if value not in ("", "locmemcache://")}
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in plain.items()}
    table = read_table()
    assert {name: table[name] for name in plain} == {name: f"`{text}`" for name, text in texts.items()}
