"""The files of the app package keep the rules of Gladly's platform, and each rule notices when it is broken."""

import shutil
from pathlib import Path

import pytest

from integrations.gladly.package import APP
from tests.integrations.gladly.app.checks import find_problems

PULL, ACTION, FORM = "data/pull/subscriptions", "actions/cancel_subscription", "ui/forms/skipNextOrder"
DATA, ACTIONS = "data/data_schema.graphql", "actions/actions_schema.graphql"
CARD, RESULT = "ui/templates/subscriptions/flexible.card", "ui/forms/cancelOrder/action_result.gtpl"
BREAKS = [
    (f"{PULL}/config.json", '"GET",', '"GET"', "Expecting ',' delimiter"),
    ("manifest.json", '"description"', '"summary"', "has the keys"),
    ("manifest.json", "1.0.0", "1.0", "no semantic version"),
    (f"{PULL}/config.json", "GET", "FETCH", "no such httpMethod"),
    (f"{PULL}/config.json", '"GET",', '"GET", "contentType": "application/json",', "contentType belongs"),
    (f"{ACTION}/config.json", "PATCH", "GET", "contentType belongs"),
    (f"{ACTION}/config.json", ',\n  "contentType": "application/json"', "", "contentType belongs"),
    (f"{PULL}/external_id.gtpl", None, None, "external_id.gtpl is missing"),
    (f"{PULL}/external_parent_id.gtpl", None, None, "external_parent_id.gtpl is missing"),
    (f"{ACTION}/request_body.gtpl", None, None, "request_body.gtpl is missing"),
    (f"{ACTION}/response_transformation.gtpl", None, None, "response_transformation.gtpl is missing"),
    (f"{ACTION}/request_uri.gtpl", None, "{{ .inputs.subscriptionId }}", "request_uri.gtpl belongs nowhere"),
    (ACTIONS, 'name: "skip_next_order"', 'name: "skip"', "the names of @action"),
    (DATA, '"portal_customer", version: "1.0"', '"portal_customer", version: "1.1"', "not both a @dataType and pulled"),
    (f"{PULL}/config.json", '["portal_customer"]', '["portal_order"]', "wait for each other"),
    ("data/pull/customers/config.json", '"GET",', '"GET", "dependsOnDataTypes": ["portal_subscription"],', "wait for"),
    (DATA, "price: Currency", "price: Money", "Unknown type"),
    (DATA, "@parentId(template:", "@parentId(path:", "Unknown argument"),
    (DATA, "type Query {", "union Any = Customer\n\ntype Query {", "unions are not supported"),
    (ACTIONS, "type CancelReason {", "type Late {\n  is: Query\n}\n\ntype CancelReason {", "used before it is defined"),
    ("ui/admin/form.json", "secrets.api_key", "api_key", "the templates use"),
    (CARD, "<Block", "<Box", "mismatch"),
    (CARD, "Block", "Box", "<Box> is no element"),
    (CARD, "<Text>", '<Text when="name is null">', "<Text> takes no `when`"),
    (CARD, 'dataSource="frequency"', 'dataSource="interval"', "shows interval, which is no field of Subscription"),
    (CARD, 'dataSource="productName"', 'dataSource="product_name"', "an underscore in its dataSource"),
    (CARD, '"currencyCode"', '"currency_code"', "an underscore in its currencyCodeSource"),
    (CARD, 'when="nextBillingAt', 'when="next_billing_at', "an underscore in its when"),
    (CARD, ' decimalPlaces="0"', "", "shows 2 as 2.00"),
    (CARD, 'currencyCodeSource="currencyCode"', 'currencyCodeSource="currency"', "shows currency"),
    (CARD, ' dataSource="status"', "", "<StringValue> shows nothing"),
    (f"{FORM}/action_result.gtpl", None, None, "['action_result.gtpl'] is missing"),
    (f"{FORM}/config.json", "skipNextOrder", "skipOrder", "skipOrder is no Mutation"),
    (f"{FORM}/config.json", '"subscriptions"', '"orders"', "orders is no field"),
    (f"{FORM}/action_inputs.gtpl", None, None, "the action gets ['selection']"),
    ("ui/forms/cancelOrder/form.gtpl", "cancelReasonDetails", "details", "the action gets"),
    ("ui/forms/cancelOrder/form.gtpl", "cancelReasonDetails", "cancelReasonCode", "an attr is there twice"),
    (RESULT, '"attr":"cancelReasonDetails"', '"attr":"reason"', "errors are shown at ['reason']"),
    (RESULT, ' "detail" .action.result.detail', "", "both message and detail"),
    (f"{ACTION}/request_url.gtpl", "{{- trimSuffix", "https://portal.test{{- trimSuffix", "names a host"),
    ("authentication/headers/x-api-key.gtpl", "{{-", "rpk_0a1b2c3d{{-", "contain a secret"),
    ("actions/skip_next_order/request_body.gtpl", "{{ toJson .inputs.subscriptionId }}", '"{{ .inputs.x }}"', "toJson"),
    (f"{PULL}/_test_/data/known/expected_external_id.txt", None, None, "external_id.gtpl: no dataset expects"),
]


@pytest.fixture
def copied_app(tmp_path: Path) -> Path:
    return Path(shutil.copytree(APP, tmp_path / "app"))


def test_the_package_keeps_all_rules() -> None:
    assert find_problems(APP) == []


@pytest.mark.parametrize(("name", "old", "new", "problem"), BREAKS, ids=[problem for *_, problem in BREAKS])
def test_each_broken_rule_is_noticed(
    copied_app: Path, name: str, old: str | None, new: str | None, problem: str
) -> None:
    """`old` becomes `new`; without `old` the file is removed, or made with `new`."""
    path = copied_app / name
    if old is not None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, str(new)))
    elif new is None:
        path.unlink()
    else:
        path.write_text(new)
    assert [found for found in find_problems(copied_app) if problem in found]
