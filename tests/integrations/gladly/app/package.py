"""The app package as its tests read it: its schemas, and each template with its datasets."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from graphql import GraphQLScalarType, GraphQLSchema, build_schema

from integrations.gladly.package import APP

# What Gladly adds to each schema.
PREFIX = """
scalar DateTime
scalar Currency
directive @dataType(name: String!, version: String!) on OBJECT
directive @action(name: String!) on FIELD_DEFINITION
directive @parentId(template: String!) on FIELD_DEFINITION
"""
SCHEMAS = {"data": "data/data_schema.graphql", "actions": "actions/actions_schema.graphql"}
PULL = {"integration", "customer", "externalData"}
ACTION = {"integration", "inputs"}
RESPONSE = {"request", "response", "rawData"}
METADATA = {"external_id", "external_parent_id", "external_updated_at"}


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def load_schema(name: str, root: Path = APP) -> GraphQLSchema:
    """The schema, whose scalars refuse what Gladly would."""
    schema = build_schema(PREFIX + (root / SCHEMAS[name]).read_text())
    for scalar, check in (("DateTime", check_time), ("Currency", check_amount)):
        kind = schema.type_map[scalar]
        assert isinstance(kind, GraphQLScalarType)
        kind.serialize = check
    return schema


def check_time(value: Any) -> Any:
    if datetime.fromisoformat(value).tzinfo is None:
        raise ValueError(f"{value} has no zone")
    return value


def check_amount(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d\d", value):
        raise ValueError(f"{value} is no text of an amount")
    return value


def read_directive(definition: Any, name: str) -> dict[str, str]:
    """The arguments of a directive on a type or a field; empty without it."""
    found = [directive for directive in definition.ast_node.directives or () if directive.name.value == name]
    return {argument.name.value: argument.value.value for directive in found for argument in directive.arguments}


@dataclass(frozen=True)
class Dataset:
    """A folder `_test_/data/<name>` beside the templates of `folder`."""

    folder: Path
    path: Path

    @property
    def id(self) -> str:
        return f"{self.folder.relative_to(APP)}-{self.path.name}"

    def expected(self, template: str) -> Any:
        """The expected output of the template: a text, or what its JSON says; None if nothing is expected."""
        text, data = (self.path / f"expected_{template}.{kind}" for kind in ("txt", "json"))
        if data.exists():
            return read_json(data)
        return text.read_text().strip() if text.exists() else None

    def files(self) -> dict[str, Any]:
        """The context's fields; those of the folders above are inherited."""
        folders = (self.folder / "_test_", self.path.parent, self.path)
        paths = [path for folder in folders for path in folder.glob("*.json")]
        return {path.stem: read_json(path) for path in paths if not path.stem.startswith("expected_")}

    def contexts(self, template: str) -> list[Any]:
        """What the template sees; a metadata template runs once for each object."""
        files = self.files()
        if template in METADATA:
            name = read_json(self.folder / "config.json")["dataType"]["name"]
            objects: list[Any] = files["externalData"][name]
            return objects
        if template == "action_inputs":
            return [files["formAttrs"]]
        seen = self._seen_by(template)
        return [{name: value for name, value in files.items() if name in seen}]

    def _seen_by(self, template: str) -> set[str]:
        if self.folder.parent.name == "forms":
            return {"action", "formAttrs"} if template == "action_result" else {"data", "actions", "customer"}
        if self.folder.name == "headers":
            return {"integration"}
        own = PULL if self.folder.parent.name == "pull" else ACTION
        return own | RESPONSE if template == "response_transformation" else own


def find_datasets(root: Path = APP, under: str = "") -> list[Dataset]:
    paths = sorted((root / under).rglob("_test_/data/*/"))
    return [Dataset(path.parents[2], path) for path in paths if path.is_dir()]


def find_templates(root: Path = APP) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*.gtpl")) if "_test_" not in path.parts)


def form_attrs(template: Path) -> list[str]:
    return re.findall(r'"attr": "([\w.]+)"', template.read_text())
