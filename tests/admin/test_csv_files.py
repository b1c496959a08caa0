"""Files that staff open in a spreadsheet: no cell is executed, whoever wrote it."""

import csv
import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from subscriptions.staff.csv_files import csv_lines


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_quoted(first: str) -> None:
    cell = f'{first}HYPERLINK("https://evil.example")'
    text = "".join(csv_lines([cell], [[cell, "a" + cell, -5]])).removeprefix("\ufeff")
    rows = list(csv.reader(StringIO(text, newline="")))
    assert rows == [[f"'{cell}"], [f"'{cell}", f"a{cell}", "-5"]]


def test_one_place_writes_csv() -> None:
    files = subprocess.check_output(["git", "ls-files", "*.py", ":!tests", ":!benchmarks"], text=True).split()
    writing = [path for path in files if re.search(r"csv\.(Dict)?[wW]riter", Path(path).read_text())]
    assert writing == ["subscriptions/staff/csv_files.py"]
