"""Gladly's card language: what may stand in a card, and that it shows fields which exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema, get_named_type
from lxml import etree

from tests.integrations.gladly.app.package import read_json

CONTAINERS = {"Card", "Block", "Section", "Drawer", "Fixed", "Expandable", "List", "ColumnGroup", "Column"}
VALUES = {"StringValue", "NumericValue", "CurrencyValue", "DateTimeValue", "BooleanValue", "Link"}
ELEMENTS = CONTAINERS | VALUES | {"Divider", "Spacer", "Text", "Image", "Formula"}
SOURCES = ("dataSource", "currencyCodeSource")
# Gladly's own names, such as `__data`, begin with two.
UNDERSCORE = re.compile(r"[^\W_]_")


def find_card_problems(root: Path, schemas: dict[str, GraphQLSchema]) -> Iterator[str]:
    for folder in (root / "ui/templates").iterdir():
        config, name = read_json(folder / "config.json"), f"{folder.name}/flexible.card"
        shown = schemas[config["graphqlSchema"]].get_type(config["graphqlType"].strip("[]!"))
        try:
            card = etree.fromstring((folder / "flexible.card").read_bytes())
        except etree.XMLSyntaxError as error:
            yield f"{name}: {error}"
            continue
        if card.tag != "Card":
            yield f"{name}: the root is no Card"
        yield from (f"{name}: {problem}" for problem in _check_element(card, shown))


def _check_element(element: Any, shown: GraphQLNamedType | None) -> Iterator[str]:
    """`shown` is the type whose fields the element may name."""
    if not isinstance(element.tag, str):  # a comment
        return
    yield from _check_attributes(element)
    fields = shown.fields if isinstance(shown, GraphQLObjectType) else {}
    for source in SOURCES:
        if (name := element.get(source, "__data")) != "__data" and name not in fields:
            yield f"<{element.tag}> shows {name}, which is no field of {shown}"
    if element.tag == "List" and (listed := element.get("dataSource")) in fields:
        shown = get_named_type(fields[listed].type)
    for child in element:
        yield from _check_element(child, shown)


def _check_attributes(element: Any) -> Iterator[str]:
    if element.tag not in ELEMENTS:
        yield f"<{element.tag}> is no element of cards"
    if "when" in element.attrib and element.tag in {"Text", "Spacer"}:
        yield f"<{element.tag}> takes no `when`"
    if element.tag in VALUES and "dataSource" not in element.attrib:
        yield f"<{element.tag}> shows nothing"
    if element.tag == "NumericValue" and "decimalPlaces" not in element.attrib:
        yield "<NumericValue> without decimalPlaces shows 2 as 2.00"
    for name in (*SOURCES, "when"):
        if UNDERSCORE.search(element.get(name, "")):
            yield f"<{element.tag}> has an underscore in its {name}, which cards do not allow"
