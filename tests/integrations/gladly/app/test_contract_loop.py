"""Package and API cannot drift: what the templates send is answered as the datasets say, and fits the schemas."""

import json
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import resolve
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, graphql_sync, is_leaf_type

from integrations.gladly.api import acts
from integrations.gladly.package import APP
from tests.api.conftest import Connect, connect, merchant  # noqa: F401
from tests.integrations.gladly.app.package import Dataset, find_datasets, load_schema, read_directive, read_json
from tests.integrations.gladly.app.world import BLEND, ORDER, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SCHEMAS = {name: load_schema(name) for name in ("data", "actions")}
PULLS = [each for each in find_datasets(under="data") if "rawData" in each.files()]
ACTIONS = [each for each in find_datasets(under="actions") if each.expected("request_url")]
FORMS = find_datasets(under="ui/forms")


@pytest.fixture
def agent(merchant: Any, connect: Connect) -> Client:  # noqa: F811
    make_world(merchant)
    return connect("gladly:read", "gladly:act")


def call(agent: Client, dataset: Dataset, url: str) -> tuple[int, Any]:
    """The status and the answer of our view to what the dataset's templates made of its inputs."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if read_json(dataset.folder / "config.json")["httpMethod"] == "GET":
        answer = agent.get(path)
    else:
        body = dataset.expected("request_body")
        # A view ignores what it does not know.
        assert set(body) == set(resolve(parts.path).func.view_class.body().fields) - {"merchant"}
        answer = agent.patch(path, json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def shape(value: Any) -> Any:
    """The keys and types of a JSON value."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else type(value).__name__


def execute(schema: GraphQLSchema, field: str, value: Any, operation: str = "query") -> Any:
    """`value` as the schema gives it out when everything is asked for; refused if it does not fit."""
    parent = schema.query_type if operation == "query" else schema.mutation_type
    assert parent
    arguments = ", ".join(f'{name}: "x"' for name in parent.fields[field].args)
    wanted = f"{field}({arguments})" if arguments else field
    done = graphql_sync(schema, f"{operation} {{ {wanted} {select(parent.fields[field].type)} }}", {field: value})
    assert not done.errors, done.errors
    assert done.data
    return done.data[field]


def select(kind: Any) -> str:
    """Each field of the type. Gladly finds the nested objects itself, so they are not part of an answer."""
    named = get_named_type(kind)
    assert isinstance(named, GraphQLObjectType)
    own = [name for name, field in named.fields.items() if is_leaf_type(get_named_type(field.type))]
    return f"{{ {' '.join(own)} }}"


def add_twins(row: dict[str, Any]) -> dict[str, Any]:
    """What cards show, a second time: under names without an underscore."""
    shown = ("product_name", "currency_code", "next_billing_at", "created_at", "cancelled_at", "cancel_reason")
    return {to_camel_case(name): row[name] for name in shown}


def to_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


@pytest.mark.parametrize("dataset", PULLS, ids=lambda dataset: dataset.id)
def test_a_pull_is_answered_as_its_dataset_says(agent: Client, dataset: Dataset) -> None:
    answers = [call(agent, dataset, url) for url in dataset.expected("request_url").splitlines()]
    assert {status for status, _ in answers} == {200}
    rows = [row for _, answer in answers for row in answer]
    raw = dataset.files()["rawData"]
    assert shape(rows) == shape(raw)
    # What the schema gives out is all that the package makes of what the API sends: none has a field too many.
    pulled = dataset.expected("response_transformation")
    for answer in (raw, rows) if pulled is None else (pulled, [row | add_twins(row) for row in rows]):
        assert execute(SCHEMAS["data"], dataset.folder.name, answer) == answer
    assert pulled is None or pulled == [row | add_twins(row) for row in raw]


@pytest.mark.parametrize("dataset", ACTIONS, ids=lambda dataset: dataset.id)
def test_an_action_is_answered_as_its_dataset_says(agent: Client, dataset: Dataset) -> None:
    files, expected = dataset.files(), dataset.expected("response_transformation")
    status, answer = call(agent, dataset, dataset.expected("request_url"))
    assert (status, shape(answer)) == (files["response"]["statusCode"], shape(files["rawData"]))
    field, operation = field_of_action(dataset.folder.name)
    assert execute(SCHEMAS["actions"], field, expected, operation) == expected
    assert execute(SCHEMAS["actions"], field, answer, operation) == answer


def field_of_action(name: str) -> tuple[str, str]:
    """The field with that @action, and the operation that it belongs to."""
    schema = SCHEMAS["actions"]
    for operation, parent in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for field, definition in parent.fields.items() if parent else ():
            if read_directive(definition, "action") == {"name": name}:
                return field, operation
    raise KeyError(name)


@pytest.mark.parametrize("dataset", FORMS, ids=lambda dataset: dataset.id)
def test_a_form_gets_what_the_schemas_give(dataset: Dataset) -> None:
    files = dataset.files()
    for schema in ("data", "actions"):
        for field, value in files.get(schema, {}).items():
            assert execute(SCHEMAS[schema], field, value) == value
    if result := files.get("action", {}).get("result"):
        action = read_json(dataset.folder / "config.json")["action"]["graphqlField"]
        assert execute(SCHEMAS["actions"], action, result, "mutation") == result


def test_a_fault_is_answered_as_the_datasets_of_portal_errors_say(agent: Client) -> None:
    path = f"/gladly/v1/orders/{ORDER}/skip_subscription/"
    with mock.patch.object(acts, "skip_order", side_effect=RuntimeError):
        answer = agent.patch(path, {"subscription": BLEND}, content_type="application/json")
    said = [each.files() for each in find_datasets(under="actions") if each.path.name == "portal_error"]
    assert [(each["response"]["statusCode"], each["rawData"]) for each in said] == [(500, answer.json())] * 3
    assert answer.status_code == 500


def test_every_action_and_pull_is_in_the_loop() -> None:
    folders = {each.folder for each in [*PULLS, *ACTIONS]}
    assert folders == {path.parent for path in APP.rglob("config.json") if "ui" not in path.relative_to(APP).parts}
