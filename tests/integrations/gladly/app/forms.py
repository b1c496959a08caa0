"""Gladly's forms: their files, and that what they ask for is what the action takes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, is_required_argument

from tests.integrations.gladly.app.package import form_attrs, read_json

REQUIRED = {"config.json", "form.gtpl", "action_result.gtpl"}


def find_form_problems(root: Path, schemas: dict[str, GraphQLSchema]) -> Iterator[str]:
    folder = root / "ui/forms"
    for form in sorted(folder.iterdir()) if folder.exists() else ():
        yield from (f"ui/forms/{form.name}: {problem}" for problem in _check_form(form, schemas))


def _check_form(form: Path, schemas: dict[str, GraphQLSchema]) -> Iterator[str]:
    if missing := sorted(REQUIRED - {path.name for path in form.iterdir()}):
        yield f"{missing} is missing"
        return
    config = read_json(form / "config.json")
    for wanted in config["formData"]:
        query = schemas[wanted["graphqlSchema"]].query_type
        if query is None or wanted["graphqlField"] not in query.fields:
            yield f"{wanted['graphqlField']} is no field of the schema's Query"
    mutation = schemas["actions"].mutation_type
    action = mutation.fields.get(config["action"]["graphqlField"]) if mutation else None
    if action is None:
        yield f"{config['action']['graphqlField']} is no Mutation"
        return
    yield from _check_attrs(form, action.args)
    yield from _check_result(form)


def _check_attrs(form: Path, arguments: dict[str, Any]) -> Iterator[str]:
    attrs = form_attrs(form / "form.gtpl")
    if len(attrs) != len(set(attrs)):
        yield f"an attr is there twice: {attrs}"
    names = set(attrs)
    if (form / "action_inputs.gtpl").exists():
        mapped = [read_json(path) for path in form.glob("_test_/data/*/expected_action_inputs.json")]
        names = {name for inputs in mapped for name in inputs}
    required = {name for name, argument in arguments.items() if is_required_argument(argument)}
    if not required <= names <= set(arguments):
        yield f"the action gets {sorted(names)} and takes {sorted(arguments)}"


def _check_result(form: Path) -> Iterator[str]:
    text = (form / "action_result.gtpl").read_text()
    if unknown := set(re.findall(r'"attr":"(\w+)"', text)) - set(form_attrs(form / "form.gtpl")):
        yield f"errors are shown at {sorted(unknown)}, which the form does not have"
    if not ('"message"' in text and '"detail" .' in text):
        yield "a success needs both message and detail"
