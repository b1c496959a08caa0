"""The description of the API as Markdown."""

import re
from typing import Any

import pytest
from django.test import Client

from subscriptions.api.markdown import anchor, describe_type, operations_of


@pytest.fixture
def page(db: None) -> str:
    response = Client().get("/api/docs.md")
    assert (response.status_code, response["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    assert response["Cache-Control"] == "public, max-age=3600"
    return response.content.decode()


def section(page: str, heading: str) -> str:
    return page.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]


def test_the_page_explains_each_operation(page: str, served_schema: dict[str, Any]) -> None:
    for method, path, operation in operations_of(served_schema):
        text = section(page, f"{method.upper()} {path}")
        named = [parameter["name"] for parameter in operation["parameters"]]
        assert [name for name in named if f"`{name}`" not in text] == []
        assert [status for status in operation["responses"] if status not in text] == []
        assert [name for need in operation["security"] for name in need if f"`{name}`" not in text] == []


def test_the_page_lists_each_field_of_each_object(page: str, served_schema: dict[str, Any]) -> None:
    for name, component in served_schema["components"]["schemas"].items():
        text = section(page, name)
        assert [field for field in component.get("properties", {}) if f"| `{field}` |" not in text] == []


def test_links_of_the_page_lead_to_headings(page: str) -> None:
    headings = {anchor(title) for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    linked = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert len(linked) > 20
    assert linked - headings == set()


def test_the_index_leads_to_each_operation(page: str, served_schema: dict[str, Any]) -> None:
    response = Client().get("/llms.txt")
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert response["Cache-Control"] == "public, max-age=3600"
    index = response.content.decode()
    assert index.startswith("# Reprise\n\n> ")
    headings = {anchor(title) for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    linked = re.findall(r"/api/docs\.md#([^)]+)\)", index)
    assert len(linked) == len(list(operations_of(served_schema)))
    assert set(linked) <= headings


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "any value"),
        ({"type": ["string", "null"], "maxLength": 255}, "string or null (at most 255)"),
        ({"type": "integer", "enum": [1, 2]}, "`1` or `2`"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Order"}}, "array of [Order](#order)"),
        ({"oneOf": [{"$ref": "#/components/schemas/Order"}, {"type": "null"}]}, "[Order](#order) or null"),
        ({"type": "string", "pattern": "^a$", "example": "a"}, 'string (such as `"a"`)'),
    ],
)
def test_a_type_is_told_in_a_few_words(schema: dict[str, Any], text: str) -> None:
    assert describe_type(schema) == text
