from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from subscriptions import api_keys
from subscriptions.models import Merchant, Product
from tests.api.shop import PLACE, checkout_line
from tests.factories import MerchantFactory, ProductFactory

Connect = Callable[..., Client]


@pytest.fixture(scope="session")
def served_schema() -> dict[str, Any]:
    """The schema as it is served; made once, because it takes a while."""
    schema: dict[str, Any] = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()
    return schema


@pytest.fixture
def merchant(db: None) -> Merchant:
    return MerchantFactory()


@pytest.fixture
def connect(merchant: Merchant) -> Connect:
    """Makes a client with a fresh API key, by default of `merchant` and with all rights of the REST API."""

    def make(*scopes: str, of: Merchant = merchant, **options: Any) -> Client:
        _, text = api_keys.create_api_key(of, "Test", scopes or ("read", "write", "bulk"), **options)
        return Client(headers={"x-api-key": text}, raise_request_exception=False)

    return make


@pytest.fixture
def api(connect: Connect) -> Client:
    return connect()


@pytest.fixture
def stranger(connect: Connect) -> Client:
    """A client of another merchant."""
    return connect(of=MerchantFactory())


@pytest.fixture
def coffee(merchant: Merchant) -> Product:
    return ProductFactory(merchant=merchant, external_product_id="coffee", price=Decimal("12.50"))


@pytest.fixture
def bought(merchant: Merchant, coffee: Product) -> dict[str, Any]:
    """The body of a checkout of one subscription."""
    return {
        "merchant_id": merchant.public_id.hex,
        "merchant_order_id": "1224",
        "session_id": "s-1",
        "user": {
            "user_id": "C-1001",
            "first_name": "Ana",
            "last_name": "Ruiz",
            "email": "ana@example.com",
            "phone_number": "+15015550100",
            "extra_data": {"tier": "gold"},
            "shipping_address": {**PLACE},
            "billing_address": {**PLACE},
        },
        "payment": {"token_id": "tok_1", "cc_number": "************4242", "cc_exp_date": "12/2030", "cc_type": 1},
        "products": [checkout_line()],
    }
