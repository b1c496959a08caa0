"""The documentation holds together: each file is in the index, and each link leads somewhere."""

import os
import re
import subprocess
from pathlib import Path

import pytest

INDEX = Path("docs/README.md")
TEXTS = [Path(path) for path in subprocess.check_output(["git", "ls-files", "*.md"], text=True).split()]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")


def heading_ids(text: str) -> set[str]:
    """What a link to a heading of this text may have after its `#`, as GitHub makes it of the heading's words."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked_files(page: Path) -> set[Path]:
    targets = (target.partition("#")[0] for target in LINK.findall(page.read_text()))
    return {Path(os.path.normpath(page.parent / target)) for target in targets if target}


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_every_link_of_the_documentation_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text()):
        path, _, heading = target.partition("#")
        linked = page.parent / path if path else page
        if not linked.exists() or (heading and heading not in heading_ids(linked.read_text())):
            broken.append(target)
    assert broken == []


def test_the_index_leads_to_every_file_of_the_documentation() -> None:
    assert {path for path in TEXTS if path.parts[0] == "docs"} - linked_files(INDEX) == {INDEX}


def test_every_picture_of_the_documentation_is_shown_in_it() -> None:
    shown = {target for page in TEXTS for target in linked_files(page)}
    assert {path for path in Path("docs/pictures").iterdir() if path not in shown} == set()
