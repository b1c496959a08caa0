"""What Gladly's platform demands of the files of an app package, checked without Go and without Gladly."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, NamedTypeNode, UnionTypeDefinitionNode, parse, visit
from graphql.language import Node, ObjectTypeDefinitionNode, Visitor

from tests.integrations.gladly.app.cards import find_card_problems
from tests.integrations.gladly.app.forms import find_form_problems
from tests.integrations.gladly.app.package import SCHEMAS, find_templates, load_schema, read_directive, read_json

SEMVER = re.compile(r"\d+\.\d+\.\d+")
WITH_BODY = {"POST", "PUT", "PATCH"}
METHODS = {"GET", "DELETE"} | WITH_BODY
PREDEFINED = {"DateTime", "Currency", "String", "ID", "Int", "Float", "Boolean"}
# A host may only come from the configuration, a secret only from the secrets.
HOST = re.compile(r"https?://|\b\w+\.(com|net|org|io)\b")
SECRET = re.compile(r"rpk_|(?<![\w/])(?=\w*\d)\w{24,}")
RAW_VALUE = re.compile(r'"\{\{-?\s*[.$]')


def find_problems(root: Path) -> list[str]:
    """What is wrong with the package in `root`, each with the name of its file."""
    problems = list(_find_unreadable(root))
    if problems:
        return problems
    schemas = {name: load_schema(name, root) for name in SCHEMAS}
    checks: list[Callable[[Path, dict[str, GraphQLSchema]], Iterator[str]]] = [
        _check_manifest,
        _check_pulls,
        _check_actions,
        _check_admin_form,
        find_card_problems,
        find_form_problems,
    ]
    problems += [problem for check in checks for problem in check(root, schemas)]
    return problems + list(_check_texts(root)) + list(_check_order(root)) + list(_check_expectations(root))


def _find_unreadable(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*.json")):
        try:
            read_json(path)
        except json.JSONDecodeError as error:
            yield f"{path.relative_to(root)}: {error}"
    for name, path in SCHEMAS.items():
        try:
            load_schema(name, root)
        except (GraphQLError, TypeError) as error:
            yield f"{path}: {error}"


def _check_manifest(root: Path, _: Any) -> Iterator[str]:
    manifest = read_json(root / "manifest.json")
    if set(manifest) != {"author", "appName", "version", "description"}:
        yield f"manifest.json has the keys {sorted(manifest)}"
    if not SEMVER.fullmatch(manifest.get("version", "")):
        yield "manifest.json: the version is no semantic version"


def _check_pulls(root: Path, schemas: dict[str, GraphQLSchema]) -> Iterator[str]:
    configs = {folder: read_json(folder / "config.json") for folder in (root / "data/pull").iterdir()}
    pulled = {(config["dataType"]["name"], config["dataType"]["version"]) for config in configs.values()}
    types = {node.name: read_directive(node, "dataType") for node in _objects(schemas["data"])}
    declared = {(found["name"], found["version"]) for found in types.values() if found}
    if declared != pulled:
        yield f"data_schema.graphql: {sorted(declared ^ pulled)} is not both a @dataType and pulled"
    names = {found["name"]: name for name, found in types.items() if found}
    children = {
        field.type.of_type.name
        for node in _objects(schemas["data"])
        for field in node.fields.values()
        if read_directive(field, "parentId")
    }
    for folder, config in configs.items():
        needed = {"request_url", "external_id"}
        if names.get(config["dataType"]["name"]) in children:
            needed |= {"external_parent_id"}
        yield from _check_folder(folder, config, needed, optional={"external_updated_at", "response_transformation"})
    depends = {config["dataType"]["name"]: config.get("dependsOnDataTypes", []) for config in configs.values()}
    yield from _find_cycles(depends)


def _find_cycles(depends: dict[str, list[str]]) -> Iterator[str]:
    done: set[str] = set()
    while ready := {name for name, needed in depends.items() if name not in done and set(needed) <= done}:
        done |= ready
    if done != set(depends):
        yield f"dependsOnDataTypes: {sorted(set(depends) - done)} wait for each other, or for what nobody pulls"


def _check_actions(root: Path, schemas: dict[str, GraphQLSchema]) -> Iterator[str]:
    folders = {folder.name: folder for folder in (root / "actions").iterdir() if folder.is_dir()}
    fields = [
        field
        for node in (schemas["actions"].query_type, schemas["actions"].mutation_type)
        for field in (node.fields.values() if node else ())
    ]
    named = [read_directive(field, "action").get("name") for field in fields]
    if sorted(map(str, named)) != sorted(folders):
        yield f"actions_schema.graphql: the names of @action are {named}, the folders {sorted(folders)}"
    for folder in folders.values():
        needed = {"request_url", "response_transformation"}
        yield from _check_folder(folder, read_json(folder / "config.json"), needed)


def _check_folder(
    folder: Path, config: dict[str, Any], needed: set[str], optional: set[str] | None = None
) -> Iterator[str]:
    has_body = config["httpMethod"] in WITH_BODY
    if config["httpMethod"] not in METHODS:
        yield f"{folder.name}/config.json: no such httpMethod"
    if has_body != ("contentType" in config):
        yield f"{folder.name}/config.json: a contentType belongs to a method with a body, and only there"
    needed = needed | ({"request_body"} if has_body else set())
    found = {path.stem for path in folder.glob("*.gtpl")}
    for name in sorted(needed - found):
        yield f"{folder.name}: {name}.gtpl is missing"
    for name in sorted(found - needed - (optional or set())):
        yield f"{folder.name}: {name}.gtpl belongs nowhere"


def _check_admin_form(root: Path, _: Any) -> Iterator[str]:
    form = read_json(root / "ui/admin/form.json")
    attrs = [section["attr"] for section in form["sections"] if section["type"] == "input"]
    text = "".join(path.read_text() for path in find_templates(root))
    used = {f"{place}.{name}" for place, name in re.findall(r"\.integration\.(\w+)\.(\w+)", text)}
    if not form.get("title") or sorted(attrs) != sorted(used):
        yield f"ui/admin/form.json asks for {attrs}, the templates use {sorted(used)}"


def _check_texts(root: Path) -> Iterator[str]:
    for path in sorted(path for path in root.rglob("*") if path.is_file() and "_test_" not in path.parts):
        if path.suffix == ".md":
            continue
        text = path.read_text()
        lines = [line for line in text.splitlines() if not (path.name == "manifest.json" and '"author"' in line)]
        if any(HOST.search(line) for line in lines):
            yield f"{path.relative_to(root)} names a host"
        if SECRET.search(text):
            yield f"{path.relative_to(root)} seems to contain a secret"
        if path.suffix == ".gtpl" and RAW_VALUE.search(text):
            yield f"{path.relative_to(root)} puts a value between quotes without toJson"


def _check_order(root: Path) -> Iterator[str]:
    """The platform reads a schema from the top: a type comes before its use."""
    for path in SCHEMAS.values():
        defined = set(PREDEFINED)
        for definition in parse((root / path).read_text()).definitions:
            if isinstance(definition, UnionTypeDefinitionNode):
                yield f"{path}: unions are not supported"
            for name in sorted(_used_types(definition) - defined):
                yield f"{path}: {name} is used before it is defined"
            if isinstance(definition, ObjectTypeDefinitionNode):
                defined.add(definition.name.value)


def _used_types(definition: Node) -> set[str]:
    used: set[str] = set()

    class Names(Visitor):
        def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
            used.add(node.name.value)

    visit(definition, Names())
    return used


def _check_expectations(root: Path) -> Iterator[str]:
    for path in find_templates(root):
        if not list(path.parent.glob(f"_test_/data/*/expected_{path.stem}.*")):
            yield f"{path.relative_to(root)}: no dataset expects anything of it"


def _objects(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    own = [node for name, node in schema.type_map.items() if not name.startswith("__")]
    return [node for node in own if isinstance(node, GraphQLObjectType)]
