"""The units and the container file in deploy/, as far as they can be tried without a service manager or an engine."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

DEPLOY = settings.BASE_DIR / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()


def words_of_commands() -> list[list[str]]:
    """Each `manage.py …` of the units, and what the container runs."""
    texts = [unit.read_text() for unit in UNITS]
    words = [line.split() for text in texts for line in re.findall(r"manage\.py (.+)", text)]
    return [*words, re.findall(r'"([^"]+)"', CONTAINERFILE.splitlines()[-1])]


@pytest.mark.parametrize("words", words_of_commands(), ids=" ".join)
def test_each_command_of_a_unit_and_of_the_container_exists_with_its_options(words: list[str]) -> None:
    name, *arguments = words
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(arguments)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_understands_each_line_of_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text().replace("/opt/reprise/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text)
    paths = sorted(tmp_path.iterdir())
    found = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    assert len(paths) == 5
    # It also names units of the machine's own.
    assert [line for line in found.stderr.splitlines() if str(tmp_path) in line or "reprise" in line] == []
    assert found.returncode == 0


def test_all_units_run_as_the_same_user_in_the_same_place() -> None:
    common = ("User=", "WorkingDirectory=", "EnvironmentFile=", "Environment=", "StateDirectoryMode=", "UMask=")
    lines = [
        {line for line in unit.read_text().splitlines() if line.startswith(common)}
        for unit in UNITS
        if unit.suffix == ".service"
    ]
    assert len(lines[0]) == len(common)
    assert all(other == lines[0] for other in lines)


def test_the_container_runs_as_nobody_special_from_one_base_image() -> None:
    instructions = re.findall(r"^([A-Z]+) (.+)$", CONTAINERFILE, re.MULTILINE)
    bases = {words.split()[0] for name, words in instructions if name == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim", bases.pop())
    names = [name for name, _ in instructions]
    assert dict(instructions)["USER"] == "10001"
    assert names.index("USER") < names.index("VOLUME") < names.index("ENTRYPOINT")
    assert not re.search(r"https?://(?!127\.0\.0\.1)|--(extra-)?index-url", CONTAINERFILE)


def test_what_goes_into_the_container_is_enough_to_start_and_has_no_secrets(tmp_path: Path) -> None:
    lines = (settings.BASE_DIR / ".dockerignore").read_text().splitlines()
    taken = tuple(line[1:] for line in lines if line.startswith("!"))
    assert all((settings.BASE_DIR / name).exists() for name in taken)
    image = tmp_path / "image"
    for name in subprocess.check_output(["git", "ls-files", *taken], cwd=settings.BASE_DIR, text=True).splitlines():
        (image / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(settings.BASE_DIR / name, image / name)
    assert not {"var", "tests", "benchmarks", ".git"} & {path.name for path in image.iterdir()}
    environment = os.environ | {"REPRISE_HOME": str(tmp_path / "data"), "DATABASE_URL": settings.DATABASE_URL}
    command = [sys.executable, "manage.py", "check"]
    checked = subprocess.run(command, cwd=image, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
