"""A Python client made from the served schema lives a subscriber's life."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from subscriptions import api_keys, calendar
from tests.factories import MerchantFactory, ProductFactory

pytestmark = pytest.mark.slow
PACKAGE = "reprise_client"
# Without the formatting of files that nobody reads.
OPTIONS = {"post_hooks": [], "literal_enums": True, "package_name_override": PACKAGE}


@pytest.fixture(scope="module")
def generated(served_schema: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("client")
    (folder / "schema.json").write_text(json.dumps(served_schema))
    (folder / "options.json").write_text(json.dumps(OPTIONS))
    ended = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
        + ["--path", "schema.json", "--config", "options.json", "--output-path", PACKAGE],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


class Api:
    """The functions of the generated client by the names of the operations; each answers with the parsed object."""

    def __init__(self, url: str, key: str) -> None:
        package = importlib.import_module(PACKAGE)
        self.models = importlib.import_module(f"{PACKAGE}.models")
        self.client = package.AuthenticatedClient(base_url=url, token=key, prefix="", auth_header_name="x-api-key")

    def call(self, resource: str, operation: str, *ids: str, body: str = "", expected: int = 200, **inputs: Any) -> Any:
        """`body` is the model of the body, which is made of the `inputs`; without it, they are parameters."""
        module = importlib.import_module(f"{PACKAGE}.api.{resource}.{resource}_{operation}")
        given = {"body": getattr(self.models, body).from_dict(inputs)} if body else inputs
        answer = module.sync_detailed(*ids, client=self.client, **given)
        assert answer.status_code == expected, answer.content
        return answer.parsed


PLACE = {
    "first_name": "Ana",
    "last_name": "Ruiz",
    "address": "1 Main Street",
    "city": "Little Rock",
    "state_province_code": "AR",
    "zip_postal_code": "72201",
    "country_code": "US",
    "phone": "5015550100",
}


@pytest.fixture
def shop(live_server: Any, generated: None) -> SimpleNamespace:
    merchant = MerchantFactory()
    for name in ("coffee", "tea"):
        ProductFactory(merchant=merchant, external_product_id=name)
    _, key = api_keys.create_api_key(merchant, "Client", ("read", "write", "bulk"))
    return SimpleNamespace(merchant=merchant, api=Api(live_server.url, key))


def test_a_generated_client_lives_a_subscribers_life(shop: SimpleNamespace) -> None:
    call, today = shop.api.call, calendar.today(shop.merchant.time_zone)
    person = {"merchant_user_id": "C-1", "first_name": "Ana", "last_name": "Ruiz", "email": "ana@example.com"}
    assert call("customers", "create", body="CustomerBody", **person).merchant_user_id == "C-1"
    where = PLACE | {"customer": "C-1", "address_type": "shipping_address"}
    address = call("addresses", "create", body="AddressBody", **where)
    card = {"cc_number_ending": "4242", "token_id": "tok_1", "cc_exp_date": "12/2030"}
    payment = call("payments", "create", body="PaymentCreateBody", customer="C-1", **card)
    assert (address.customer, payment.cc_exp_date) == ("C-1", "12/2030")

    line = {"quantity": 2, "tracking_override": {"every": 1, "every_period": 3}}
    call(
        "subscription",
        "create",
        body="PurchaseBody",
        merchant_id=shop.merchant.public_id.hex,
        merchant_order_id="1224",
        session_id="s-1",
        user={"user_id": "C-1", "shipping_address": PLACE},
        payment={"token_id": "tok_1", "cc_number": "4242", "cc_exp_date": "12/2030"},
        products=[{"product": "coffee", "subscription_info": line}],
    )
    [subscription] = call("subscriptions", "list", customer="C-1").results
    assert (subscription.product, subscription.payment, subscription.shipping_address) == (
        "coffee",
        payment.public_id,
        address.public_id,
    )

    [item] = call("items", "list", subscription=subscription.public_id, status=[1]).results
    skipped = call("orders", "cancel", item.order, body="ApiBody")
    assert skipped.status == 4
    [next_item] = call("items", "list", subscription=subscription.public_id, status=[1]).results
    assert next_item.order != item.order

    name = subscription.public_id
    assert call("subscriptions", "change_product", name, body="ChangeProductBody", product="tea").product == "tea"
    cancelled = call("subscriptions", "cancel", name, body="CancelBody", cancel_reason="4|Overstocked")
    assert (cancelled.live, cancelled.cancel_reason_code) == (False, 4)
    start = {"every": 2, "every_period": 2, "start_date": f"{today}"}
    wanted = {"next_order_date": f"{today + timedelta(days=30)}"}
    again = call("subscriptions", "reactivate", name, body="ReactivateBody", **start, **wanted)
    assert (again.live, again.every, again.cancel_reason) == (True, 2, None)
    refused = call("subscriptions", "reactivate", name, body="ReactivateBody", expected=400, **start)
    assert refused.to_dict() == {"subscription": ["This subscription is active already."]}
