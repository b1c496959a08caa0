"""The examples of docs/developers/rest.md, run as they stand against a running server."""

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions import api_keys, calendar
from subscriptions.actions import upcoming_order
from subscriptions.errors import SENTENCES
from subscriptions.models import Merchant, Order, OrderStatus
from tests.api.catalogue.rows import add_to_group, create_entitlement, create_resource
from tests.api.signatures import KEY
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    MerchantFactory,
    PaymentFactory,
    ProductFactory,
    subscription_with_order,
)

DOCS = Path("docs/developers/rest.md").read_text()
EXAMPLE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall(DOCS)


def subscriber(merchant: Merchant) -> dict[str, str]:
    """A subscriber as the page names her, by the variables that it uses."""
    Merchant.objects.filter(pk=merchant.pk).update(prepaid_enabled=True)
    customer = CustomerFactory(merchant=merchant, merchant_user_id="C-1001")
    product = ProductFactory(merchant=merchant, external_product_id="coffee")
    ProductFactory(merchant=merchant, external_product_id="club")
    add_to_group(product, "eligibility", "prepaid")
    today = calendar.today(merchant.time_zone)
    rows = [
        subscription_with_order(today + timedelta(days=days), customer=customer, product=product)
        for days in (14, 21, 28, 35, 42, 49)
    ]
    subscription, *others = rows
    orders = [row.items.get().order for row in others]
    for order, columns in zip(
        orders[2:],
        (
            {"status": OrderStatus.PENDING_VERIFICATION},
            {"status": OrderStatus.REJECTED, "rejected_error_code": "020"},
            {"status": OrderStatus.AWAITING_RETRY_INSTRUCTIONS, "rejected_error_code": "140"},
        ),
        strict=True,
    ):
        Order.objects.filter(pk=order.pk).update(**columns)
        order.items.update(upcoming=False)
    upcoming_order.remind(orders[1], actor=STAFF)
    resource = create_resource(merchant)
    return {
        "MERCHANT": merchant.public_id.hex,
        "STOREFRONT_KEY": merchant.storefront_key,
        "ADDRESS": AddressFactory(customer=customer).public_id.hex,
        "PAYMENT": PaymentFactory(customer=customer).public_id.hex,
        "SUBSCRIPTION": subscription.public_id.hex,
        **{
            name: order.public_id.hex
            for name, order in zip(
                ("ORDER", "OTHER_ORDER", "PROCESSED_ORDER", "REJECTED_ORDER", "WAITING_ORDER"), orders, strict=True
            )
        },
        "RESOURCE": resource.public_id.hex,
        "ENTITLEMENT": create_entitlement(others[1], resource).public_id.hex,
        "TOKEN": encode_token(ActionToken.objects.get()),
        "IN_A_MONTH": str(today + timedelta(days=30)),
    }


@pytest.mark.slow
def test_each_example_of_the_page_works(live_server: Any, tmp_path: Path) -> None:
    merchant = MerchantFactory(storefront_key=KEY)
    _, key = api_keys.create_api_key(merchant, "Docs", ("read", "write", "bulk"))
    # A refusal ends curl with an error.
    (tmp_path / ".curlrc").write_text("silent\nshow-error\nfail-with-body\nmax-time = 30\n")
    own = {"API": f"{live_server.url}/api", "KEY": key, "CURL_HOME": str(tmp_path), "HOME": str(tmp_path)}
    environment = os.environ | own | subscriber(merchant)
    with override_settings(PUBLIC_URL=live_server.url):
        for example in EXAMPLES:
            command = ["bash", "-euo", "pipefail", "-c", example]
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
            assert ended.returncode == 0, (example, ended.stdout, ended.stderr)


def test_each_resource_has_examples_of_its_own(served_schema: dict[str, Any]) -> None:
    resources = {operation["tags"][0] for each in served_schema["paths"].values() for operation in each.values()}
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", DOCS, re.MULTILINE | re.DOTALL))
    called = {
        name: {path for example in EXAMPLE.findall(text) for path in re.findall(r"\$API/([\w-]+)/", example)}
        for name, text in sections.items()
    }
    without = [name for name in {*resources, "one_click"} if name not in called.get(name, set())]
    assert sorted(without) == []


def test_what_may_be_created_has_an_example(served_schema: dict[str, Any]) -> None:
    creating = [path.removeprefix("/api/") for path in served_schema["paths"] if path.endswith("/create/")]
    assert [path for path in creating if f"$API/{path}" not in DOCS] == []


def test_the_page_has_the_sentences_of_the_refusals() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", DOCS.split("## Refusals")[1].split("## ")[0], re.MULTILINE))
    assert len(rows) > 20
    assert {code: SENTENCES.get(code) for code in rows} == rows
