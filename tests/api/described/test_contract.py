"""The tables of operations, section 6 of the contract, row by row: paths, scopes, required fields and filters."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from subscriptions.api.bodies.products import ProductRowBody
from tests.api.described.views import allowed_scopes, views_by_operation

pytestmark = pytest.mark.contract
SHORT = {"s/": "/subscriptions/{id}/", "o/": "/orders/{id}/"}
# Links are no views of the API.
ELSEWHERE = re.compile(r"^#### 6\.9 .*?(?=^###)", re.M | re.S)
# A table without the column of scopes: the sentence above says them of all rows.
FOR_KEYS = "/webhook_targets/"
METHODS = "(?:GET|POST|PUT|PATCH|DELETE)"
CELL_BREAK = re.compile(r"(?<!\\)\|")
# Words in the column of queries that are values, or that a list of that kind always takes.
NO_FILTERS = {"available", "ordering", "page_size", "true", "false"}


class Row(NamedTuple):
    method: str
    path: str
    scopes: str
    sent: str  # the column of the body or the query

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_list(self) -> bool:
        return self.method == "get" and "{" not in self.path and not self.path.endswith("check/")


def read_rows(contracts: Path) -> list[Row]:
    chapter = (contracts / "rest-api.md").read_text().split("### Tier 1")[1].split("### Tier 3")[0]
    found = []
    for line in ELSEWHERE.sub("", chapter).splitlines():
        cells = [cell.strip() for cell in CELL_BREAK.split(line)[1:-1]]
        if cells and FOR_KEYS in cells[0]:
            cells = [re.sub(r"\(.*?\)", "", cells[0]), "A", re.sub(r'\{"(\w+)".*?\}', r"\1", cells[1]), cells[2]]
        if len(cells) < 4 or not re.match(METHODS, cells[0]):
            continue
        # What rows of several paths say of each is separated by slashes.
        calls = re.findall(rf"((?:{METHODS}(?:, )?)*) ?`([^`]+)`", cells[0])
        sent = cells[2].split(" / ") if len(calls) > 1 else [cells[2]]
        methods: list[str] = []
        for place, (named, path) in enumerate(calls):
            methods = named.lower().split(", ") if named else methods
            words = sent[min(place, len(sent) - 1)]
            for each in methods:  # what a row of several methods sends is a body
                is_body = each == "get" and len(methods) > 1
                found.append(Row(each, whole_path(path), cells[1], "" if is_body else words))
    return found


def whole_path(text: str) -> str:
    short = next((name for name in SHORT if text.startswith(name)), "")
    path = SHORT[short] + text.removeprefix(short) if short else text
    return "/api" + re.sub(r"\{\w+\}", "{}", path.rstrip("/")) + "/"


OURS = {(re.sub(r"\{\w+\}", "{}", path), method): view for (path, method), view in views_by_operation().items()}


def test_the_rows_of_the_contract_are_our_operations(contracts: Path) -> None:
    assert {(row.path, row.method) for row in read_rows(contracts)} == set(OURS)


def test_each_operation_is_open_to_the_credentials_of_its_row(contracts: Path) -> None:
    for row in read_rows(contracts):
        view = OURS[row.path, row.method]
        letters = "".join(re.findall(r"\b[ASR]\b", row.scopes))
        assert (allowed_scopes(view, row.method), str(row)) == (letters, str(row))
        if row.is_list:  # elsewhere, the star is for the list that shares the row
            assert (view.across, str(row)) == ("A*" in row.scopes, str(row))


def test_each_body_requires_the_fields_of_its_row(contracts: Path) -> None:
    for row in read_rows(contracts):
        view = OURS[row.path, row.method]
        if row.method == "get" or "create_request" in row.sent:
            continue
        outside = re.sub(r"\w+\[?\{[^}]*\}\]?", "", re.sub(r"one of [^;]*", "", row.sent).split("; `incentive`*: ")[0])
        named = set(re.findall(r"`(\w+)`\*", outside)) | ({"incentive"} if "`incentive`*" in row.sent else set())
        if row.path == "/api/products-batch/update/":
            named = {"product_id"}  # "same"
        body = ProductRowBody if "products-batch" in row.path else getattr(view, "body", None)
        required = {name for name, field in body().fields.items() if field.required} if body else set()
        assert (required, str(row)) == (named, str(row))


def test_each_list_has_the_filters_of_its_row(contracts: Path) -> None:
    for row in read_rows(contracts):
        view = OURS[row.path, row.method]
        if not row.is_list:
            continue
        words = set(re.findall(r"`([\w\[\]]+±?)`", re.sub(r"\([^)]*\)|not `\w+`", "", row.sent))) - NO_FILTERS
        ranges = {word.rstrip("±") for word in words if word.endswith("±")}
        named = {word for word in words if not word.endswith("±")}
        named |= {f"{name}{end}" for name in ranges for end in ("", "_start", "_end")}
        has = {*getattr(view.filterset_class, "base_filters", {}), *view.flags}
        assert (named - has, str(row)) == (set(), str(row))
