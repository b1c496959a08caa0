"""Real answers, compared with our own schema."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from jsonschema import Draft202012Validator
from openapi_core import OpenAPI
from openapi_core.contrib.django import DjangoOpenAPIRequest, DjangoOpenAPIResponse
from openapi_spec_validator import validate

from subscriptions.actions import checkout_requests
from subscriptions.api.purchase import parse_purchase
from subscriptions.models import Merchant
from tests.api import shop
from tests.api.described.views import allowed_scopes, views_by_operation
from tests.api.patches import SETTINGS, patch_subscription
from tests.api.signatures import sign
from tests.factories import STAFF, CancelReasonFactory, SubscriptionFactory, subscription_with_order

READ = {"403", "404", "429", "500", "503"}
WRITE = {"400", "403", "409", "422", "423", "429", "500", "503"}
JSON = {"Accept": "application/json"}
KEY, SIGNATURE, RECOGNIZED = "apiKey", "storefrontSignature", "recognizedSignature"


@pytest.fixture
def described(served_schema: dict[str, Any]) -> dict[str, Any]:
    return served_schema


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_schema_is_public_and_valid_openapi_3_1(described: dict[str, Any]) -> None:
    validate(described)
    assert described["openapi"].startswith("3.1")
    schemes = described["components"]["securitySchemes"]
    assert {name: (scheme["type"], scheme["in"], scheme["name"]) for name, scheme in schemes.items()} == {
        KEY: ("apiKey", "header", "x-api-key"),
        SIGNATURE: ("apiKey", "header", "Authorization"),
        RECOGNIZED: ("apiKey", "header", "Authorization"),
    }


def test_the_schema_has_each_operation_of_the_api_once(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert {(path, method) for path, method, _ in operations(described)} == set(views_by_operation())
    assert len(set(names)) == len(names) > 50


def test_nothing_in_the_schema_is_a_guess() -> None:
    SchemaGenerator().get_schema(request=None, public=True)
    assert (dict(GENERATOR_STATS._warn_cache), dict(GENERATOR_STATS._error_cache)) == ({}, {})


def test_each_operation_names_the_credentials_that_may_call(described: dict[str, Any]) -> None:
    schemes = {"A": KEY, "S": SIGNATURE, "R": RECOGNIZED}
    for path, method, operation in operations(described):
        right = views_by_operation()[path, method].read_right if method == "get" else "write"
        view = views_by_operation()[path, method]
        scopes = allowed_scopes(view, method)
        expected = [{schemes[scope]: [right] if scope == "A" else []} for scope in scopes]
        assert operation["security"] == expected, path


def test_each_operation_and_each_of_its_parameters_is_explained(described: dict[str, Any]) -> None:
    unexplained = [
        (path, method, name)
        for path, method, operation in operations(described)
        for name, text in [("", operation), *((each["name"], each) for each in operation["parameters"])]
        if not text.get("description")
    ]
    assert unexplained == []


def test_a_list_across_customers_says_that_it_needs_bulk_or_a_customer(described: dict[str, Any]) -> None:
    for (path, method), view in views_by_operation().items():
        text = described["paths"][path][method]["description"]
        assert ("without the scope `bulk`" in text) == (method == "get" and getattr(view, "across", False)), path


def test_the_schema_explains_how_to_sign(described: dict[str, Any]) -> None:
    guide = described["info"]["description"]
    text, key = "C-1001|1700000000", "key"
    assert all(f"`{each}`" in guide for each in (text, key, sign(text, key)))
    assert guide.startswith("Subscriptions, orders, customers and products of a merchant")
    assert "## Conventions" in guide and "## customers" not in guide


def test_the_schema_comes_as_yaml_too(db: None) -> None:
    response = Client().get("/api/schema/")
    assert response.status_code == 200
    assert response.content.startswith(b"openapi: 3.1")


def test_the_schema_is_written_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get("/api/schema/").content
    monkeypatch.setattr(OpenApiYamlRenderer, "render", None)
    assert Client().get("/api/schema/").content == first


def test_each_operation_lists_its_errors_with_a_fitting_example(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        expected = READ if method == "get" else WRITE | ({"404"} if "{" in path else set())
        assert expected <= set(operation["responses"]), path
        for status in [status for status in operation["responses"] if status >= "400"]:
            content = operation["responses"][status]["content"]["application/json"]
            rules = {**content["schema"], "components": described["components"]}
            Draft202012Validator(rules).validate(content["example"])


def test_each_operation_says_how_it_succeeds(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        good = {status: response for status, response in operation["responses"].items() if status < "300"}
        bodies = [status for status, response in good.items() if "content" in response]
        if method == "delete" and views_by_operation()[path, method].answers_nothing:
            assert (list(good), bodies) == (["204"], []), path
        assert good, path
        assert "304" not in good or "ETag" in good["200"]["headers"], path


@pytest.mark.parametrize(
    ("path", "method", "statuses", "condition"),
    [
        ("/api/orders/{id}/", "get", {"200", "304"}, "If-None-Match"),
        ("/api/orders/{id}/cancel/", "patch", {"200", "412"}, "If-Match"),
        ("/api/items/{id}/delete/", "delete", {"204", "412"}, "If-Match"),
    ],
)
def test_conditions_on_etags_are_described(
    described: dict[str, Any], path: str, method: str, statuses: set[str], condition: str
) -> None:
    operation = described["paths"][path][method]
    assert statuses <= set(operation["responses"])
    assert condition in [parameter["name"] for parameter in operation["parameters"]]
    assert all("ETag" in operation["responses"][status]["headers"] for status in statuses & {"200", "304"})


@pytest.mark.parametrize(
    ("path", "status"), [("/api/addresses/{id}/use_for_all/", "204"), ("/api/payments/{id}/use_for_all/", "200")]
)
def test_an_empty_answer_is_described_as_one(described: dict[str, Any], path: str, status: str) -> None:
    responses = described["paths"][path]["post"]["responses"]
    assert [name for name in responses if name < "300"] == [status]
    assert "content" not in responses[status]


def test_what_answers_with_an_object_links_to_its_calls(described: dict[str, Any]) -> None:
    for path, method, key in [("/create/", "post", "public_id"), ("/", "get", "results/0/public_id")]:
        links = described["paths"][f"/api/payments{path}"][method]["responses"]["200"]["links"]
        assert links == {
            name: {"operationId": name, "parameters": {"id": f"$response.body#/{key}"}}
            for name in ("payments_retrieve", "payments_update", "payments_use_for_all")
        }


def test_the_docs_are_public_and_load_nothing_from_elsewhere(db: None) -> None:
    response = Client().get("/api/docs/")
    assert response.status_code == 200
    page = response.content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/" in page
    assert "https://" not in page
    assert "/api/schema/" in page


def test_real_answers_are_as_described(api: Client, merchant: Merchant, described: dict[str, Any]) -> None:
    contract = OpenAPI.from_dict(described)
    row = subscription_with_order(customer__merchant=merchant)
    SubscriptionFactory(
        customer=row.customer,
        prepaid_orders_per_billing=3,
        prepaid_orders_remaining=3,
        renewal_behavior="cancel",
    )
    CancelReasonFactory(merchant=merchant)
    item = row.items.get()
    one = f"/api/subscriptions/{row.public_id.hex}/"
    reads = [
        ("get", "/api/customers/?live=true", None, 200),
        ("get", f"/api/customers/{row.customer.merchant_user_id}/", None, 200),
        ("get", "/api/subscriptions/?page_size=1&live=true", None, 200),
        ("get", one, None, 200),
        ("get", "/api/orders/?status=1&status=3&include_has_plan=true", None, 200),
        ("get", f"/api/orders/{item.order.public_id.hex}/", None, 200),
        ("get", "/api/items/?omit_price_calculation=true", None, 200),
        ("get", f"/api/items/{item.public_id.hex}/", None, 200),
        ("get", "/api/merchant/cancel_reason/", None, 200),
    ]
    writes = [
        ("patch", one + "reactivate/", SETTINGS, 400),
        ("patch", one + "cancel/", {"cancel_reason": "4|Enough"}, 200),
        ("patch", one + "cancel/", {}, 400),
        ("patch", one + "reactivate/", {}, 400),
        ("patch", one + "reactivate/", SETTINGS | {"next_order_date": "2900-01-01"}, 200),
    ]
    misses = [
        ("get", "/api/orders/?place=x", None, 400),
        ("get", "/api/orders/?page=9", None, 404),
        ("get", "/api/orders/none/", None, 404),
    ]
    for headers, calls in (({"X-OG-API-VERSION": "2"}, reads), ({}, reads + writes + misses)):
        for method, address, body, status in calls:
            response = getattr(api, method)(address, body, content_type="application/json", headers=headers)
            assert response.status_code == status, address
            contract.validate_response(DjangoOpenAPIRequest(response.wsgi_request), DjangoOpenAPIResponse(response))
    refusal = Client().get("/api/customers/")
    contract.validate_response(DjangoOpenAPIRequest(refusal.wsgi_request), DjangoOpenAPIResponse(refusal))


def test_real_purchases_are_as_described(
    api: Client, merchant: Merchant, described: dict[str, Any], bought: dict[str, Any]
) -> None:
    contract = OpenAPI.from_dict(described)
    twice = bought | {"merchant_order_id": "1225", "products": [shop.checkout_line(), shop.checkout_line("tea")]}
    purchases = [(bought, 200), (bought, 409), (twice, 206), (bought | {"user": {}}, 400), ({}, 400)]
    answers = [(shop.send_checkout(api, body), status) for body, status in purchases]
    name = answers[0][0].json()["subs_req_id"]
    pending = checkout_requests.store_request(
        merchant, parse_purchase(merchant, bought | {"merchant_order_id": "1226"}), actor=STAFF
    )
    for each, status in ((name, 200), (pending.public_id.hex, 202), ("none", 404)):
        answers.append((api.get(f"/api/subscription/{each}/response/"), status))
    for response, status in answers:
        assert response.status_code == status
        contract.validate_response(DjangoOpenAPIRequest(response.wsgi_request), DjangoOpenAPIResponse(response))


def find_parameter(described: dict[str, Any], path: str, method: str, name: str) -> dict[str, Any]:
    parameters = described["paths"][path][method]["parameters"]
    return next(parameter for parameter in parameters if parameter["name"] == name)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("page_size", [1, 101], [0, -1, "null"]),
        ("page", [1], [0, "x"]),
        ("created_start", ["2026-11-30", "2026-11-30T12:00:00Z", "2026-11-30 12:00:00.5+02:00", ""], ["1", "20261130"]),
        ("status", [[1], [1, 5]], [[0], [99], ["x"]]),
        ("place_end", ["2026-11-30"], ["soon"]),
    ],
)
def test_the_schema_of_a_parameter_is_as_strict_as_the_server(
    described: dict[str, Any], api: Client, name: str, good: list[Any], bad: list[Any]
) -> None:
    validator = Draft202012Validator(find_parameter(described, "/api/orders/", "get", name)["schema"])
    for value in good + bad:
        accepted = api.get("/api/orders/", {name: value}).status_code == 200
        assert (validator.is_valid(value), accepted) == (value in good, value in good), value


@pytest.mark.parametrize("key", ["k", "x" * 255, "", "x" * 256, "ä"])
def test_the_schema_of_an_idempotency_key_is_as_strict_as_the_server(
    described: dict[str, Any], api: Client, merchant: Merchant, key: str
) -> None:
    header = find_parameter(described, "/api/subscriptions/{id}/cancel/", "patch", "Idempotency-Key")
    row = SubscriptionFactory(customer__merchant=merchant)
    accepted = patch_subscription(api, row, "cancel", **{"Idempotency-Key": key}).status_code == 200
    is_good = key in ("k", "x" * 255)
    assert (Draft202012Validator(header["schema"]).is_valid(key), accepted) == (is_good, is_good)


def test_required_texts_of_a_checkout_may_not_be_blank_in_the_schema(described: dict[str, Any]) -> None:
    properties = described["components"]["schemas"]["PurchaseBody"]["properties"]
    assert [name for name in ("merchant_id", "merchant_order_id") if properties[name].get("minLength") != 1] == []
