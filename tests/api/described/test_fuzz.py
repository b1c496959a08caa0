"""Requests that Schemathesis makes from the served schema: every answer is one that the schema describes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from integrations.webhooks.targets import create_target
from subscriptions import api_keys
from subscriptions.models import Merchant
from tests.api.signatures import KEY, signature_header
from tests.factories import CancelReasonFactory, CustomerFactory, ProductFactory, subscription_with_order
from tests.scale import scaled

pytestmark = pytest.mark.slow
# Not: whether what fits the schema is accepted. Whether a row exists, and its state, is not in the schema.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SETTINGS = {
    "derandomize": True,
    "database": None,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
}


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside the block is undone, so that each case finds the same rows."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


@pytest.fixture
def known_ids(merchant: Merchant, noon: object) -> dict[str, str]:
    """By resource, the id of an object of the customer C-1001."""
    merchant.set_storefront_key(KEY)
    customer = CustomerFactory(merchant=merchant, merchant_user_id="C-1001")
    product = ProductFactory(merchant=merchant, external_product_id="coffee")
    row = subscription_with_order(customer=customer, product=product)
    CancelReasonFactory(merchant=merchant)
    item = row.items.get()
    return {
        "customers": "C-1001",
        "products": "coffee",
        "subscriptions": row.public_id.hex,
        "orders": item.order.public_id.hex,
        "items": item.public_id.hex,
        "payments": row.payment.public_id.hex,
        "addresses": row.shipping_address.public_id.hex,
        "webhook_targets": create_target(merchant, "https://93.184.216.34/hook").public_id.hex,
    }


@pytest.fixture(params=["A", "S"])
def credential(request: pytest.FixtureRequest, merchant: Merchant, known_ids: dict[str, str]) -> dict[str, str]:
    """The headers of an API key, or of a storefront signature of C-1001."""
    if request.param == "S":
        return {"Authorization": signature_header(merchant, "C-1001")}
    _, text = api_keys.create_api_key(merchant, "Fuzz", ("read", "write", "bulk"))
    return {"x-api-key": text}


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Iterator[list[int]]:
    """Takes the number of cases, which the run prints at its end."""
    cases: list[int] = []
    with override_settings(API_RATE=1_000_000):
        yield cases
    record_property("cases", sum(cases))


@pytest.fixture
def kept_connection(db: None) -> Iterator[None]:
    """As in Django's own test client, a request does not close the connection of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def api_schema(kept_connection: None) -> Any:
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_wsgi(
        "/api/schema/", get_wsgi_application(), config=config, headers={"Accept": "application/json"}
    )


def test_no_answer_contradicts_the_schema(
    api_schema: Any, credential: dict[str, str], known_ids: dict[str, str], counted: list[int]
) -> None:
    for operation in (result.ok() for result in api_schema.get_all_operations()):

        @settings(max_examples=scaled(4, full=6), **SETTINGS)
        @given(case=cases_of(operation, known_ids))
        def try_case(case: Any) -> None:
            counted.append(1)
            with undone():
                case.call_and_validate(headers=credential, checks=CHECKS)

        try_case()
    assert sum(counted) > scaled(350, full=500)


def cases_of(operation: Any, known_ids: dict[str, str]) -> st.SearchStrategy[Any]:
    """Requests for objects that exist and that do not, with bodies that fit and that do not."""
    known = known_ids.get(operation.path.split("/")[2])
    places = [{"path_parameters": {"id": known}}] if known and "{id}" in operation.path else []
    return st.one_of(
        *(operation.as_strategy(mode, **place) for place in [*places, {}] for mode in GenerationMode),
    )


def test_no_chain_of_calls_contradicts_the_schema(
    api_schema: Any, credential: dict[str, str], counted: list[int]
) -> None:
    class Chain(api_schema.as_state_machine()):  # type: ignore[misc]
        """Follows the links of the schema: from lists and new objects to the calls for them."""

        def setup(self) -> None:
            self.savepoint = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.savepoint)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": credential}

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            counted.append(1)
            case.validate_response(response, CHECKS, headers=credential)

    Chain.run(settings=settings(max_examples=scaled(12, full=25), stateful_step_count=12, **SETTINGS))
    assert sum(counted) > scaled(50, full=100)
