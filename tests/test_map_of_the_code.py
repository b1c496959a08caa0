"""Everything that the map of the code names exists."""

import re
import subprocess
from pathlib import Path

MAP = Path("docs/developers/developing.md").read_text()
TRACKED = subprocess.check_output(["git", "ls-files"], text=True).split()
FOLDERS = {str(folder) + "/" for path in TRACKED for folder in Path(path).parents}


def tracked_path(name: str) -> bool:
    """Whether a file or folder of the project has this path, or one that ends so."""
    return any(("/" + path).endswith("/" + name) for path in (*TRACKED, *FOLDERS))


def test_every_file_and_folder_named_in_the_map_of_the_code_exists() -> None:
    named = set(re.findall(r"`([\w./-]+(?:\.py|\.js|\.md|/))`", MAP))
    named |= set(re.findall(r"(?<![\w/])([\w/]+\.py)\b", MAP))
    assert len(named) > 40
    assert [name for name in sorted(named) if not name.startswith("/") and not tracked_path(name)] == []


def test_every_function_named_in_the_map_of_the_code_exists() -> None:
    named = set(re.findall(r"`(\w+)\(\)`", MAP))
    source = "\n".join(Path(path).read_text() for path in TRACKED if path.endswith(".py"))
    assert len(named) > 8
    assert [name for name in sorted(named) if f"def {name}(" not in source] == []
