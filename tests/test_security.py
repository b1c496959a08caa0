"""Each answer of the threat model names tests that are there."""

import re
from pathlib import Path

import pytest

MODEL = Path("docs/security.md")
TABLE = re.compile(r"((?:^\|.*\n)+)", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
NO_ANSWERS = {"asset", "actor"}  # the first columns of tables that have no tests


def read_rows() -> list[list[str]]:
    """Threat, answer and tests, of each row of the tables that have answers."""
    tables = [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        for table in TABLE.findall(MODEL.read_text())
    ]
    answered = [table for table in tables if table[0][0] not in NO_ANSWERS]
    assert [table[0] for table in answered] == [["threat", "what answers it", "test"]] * len(answered)
    return [row for table in answered for row in table[2:]]


def find_faults(tests: str) -> list[str]:
    """What is wrong with `tests`: `[test_name](file)` names one test, `[test_file.py](file)` all of a file."""
    faults = [] if LINK.search(tests) else ["no test"]
    for name, target in LINK.findall(tests):
        file = MODEL.parent / target
        if not file.name.startswith("test_") or not file.is_file():
            faults.append(f"{target} is no file of tests")
        elif name != file.name and not re.search(rf"^ *def {re.escape(name)}\(", file.read_text(), re.MULTILINE):
            faults.append(f"{target} has no {name}")
    return faults


def test_each_row_of_the_threat_model_names_tests_that_are_there() -> None:
    rows = read_rows()
    assert len(rows) > 70
    assert [row for row in rows if len(row) != 3 or not all(row)] == []
    assert {threat: faults for threat, _, tests in rows if (faults := find_faults(tests))} == {}


@pytest.mark.parametrize(
    "tests",
    [
        "",
        "see tests/admin",
        "[test_none](../tests/admin/test_login.py)",
        "[ten_wrong_passwords](../tests/admin/test_login.py)",
        "[test_none.py](../tests/admin/test_none.py)",
        "[conftest.py](../tests/admin/conftest.py)",
        "[test_login.py](../tests/admin/test_login.py), [test_none](../tests/admin/test_login.py)",
    ],
)
def test_a_row_without_a_test_or_with_one_that_is_gone_is_found(tests: str) -> None:
    assert find_faults(tests) != []
