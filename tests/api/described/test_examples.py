"""The examples of docs/rest.md, run as they stand against a running server."""

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from subscriptions import api_keys, calendar
from subscriptions.models import Merchant
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    MerchantFactory,
    PaymentFactory,
    ProductFactory,
    subscription_with_order,
)

DOCS = Path("docs/rest.md").read_text()
EXAMPLES = re.findall(r"^```sh\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)


def subscriber(merchant: Merchant) -> dict[str, str]:
    """A subscriber as the page names her, by the variables that it uses."""
    customer = CustomerFactory(merchant=merchant, merchant_user_id="C-1001")
    product = ProductFactory(merchant=merchant, external_product_id="coffee")
    row, second, third = (
        subscription_with_order(
            calendar.today(merchant.time_zone) + timedelta(days=days), customer=customer, product=product
        )
        for days in (14, 21, 28)
    )
    return {
        "MERCHANT": merchant.public_id.hex,
        "ADDRESS": AddressFactory(customer=customer).public_id.hex,
        "PAYMENT": PaymentFactory(customer=customer).public_id.hex,
        "SUBSCRIPTION": row.public_id.hex,
        "ORDER": second.items.get().order.public_id.hex,
        "OTHER_ORDER": third.items.get().order.public_id.hex,
        "IN_A_MONTH": str(calendar.today(merchant.time_zone) + timedelta(days=30)),
    }


@pytest.mark.slow
def test_each_example_of_the_page_works(live_server: Any, tmp_path: Path) -> None:
    merchant = MerchantFactory()
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


def test_each_resource_has_an_example(served_schema: dict[str, Any]) -> None:
    called = set(re.findall(r"\$API/(\w[\w-]*)/", "".join(EXAMPLES)))
    resources = {operation["tags"][0] for each in served_schema["paths"].values() for operation in each.values()}
    assert sorted(resources - called) == []
    assert sorted(resources - set(re.findall(r"^## (\S+)$", DOCS, re.MULTILINE))) == []
