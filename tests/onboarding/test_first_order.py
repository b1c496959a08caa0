"""A real shop from nothing: the portal starts, a merchant is created, data come in, and a real order is posted."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from tests import migrated
from tests.placement.platform import Platform, running_platform
from tests.portal import Portal, wait_until

pytestmark = pytest.mark.slow
OWNER, PASSWORD = "ana@harbour.example", "four green herons"
NEW = ["--name=Harbour Coffee", "--shop-url=https://harbour.example", "--time-zone=America/New_York"]
NEW += ["--currency=USD", "--country=US", "--language=en-us", f"--owner={OWNER}"]
IMPORTED = "SELECT count(*) FROM subscriptions_{}"
AN_ORDER = """
    SELECT o.id, o.public_id, c.merchant_user_id, o.total
    FROM subscriptions_order o JOIN subscriptions_customer c ON c.id = o.customer_id
    WHERE o.status = 1 AND NOT c.is_test ORDER BY o.id LIMIT 1
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal of its own that runs without the demo."""
    portal = Portal(tmp_path_factory.mktemp("shop"))
    migrated.copy_server(portal.home)
    portal.environment |= {"OUTBOUND_ALLOW_PRIVATE_ADDRESSES": "true", "REPRISE_OWNER_PASSWORD": PASSWORD}
    with portal.running():
        yield portal


@pytest.fixture
def platform() -> Iterator[Platform]:
    with running_platform() as playing:
        yield playing


def manage(portal: Portal, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=portal.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def send_form(browser: httpx.Client, address: str, **answers: str) -> httpx.Response:
    browser.get(address)
    answer = browser.post(address, data={**answers, "csrfmiddlewaretoken": browser.cookies["csrftoken"]})
    assert answer.is_redirect, answer.text
    return answer


def test_a_new_shop_places_a_real_order(portal: Portal, platform: Platform) -> None:
    output = "".join(log.read_text() for log in Path(portal.home).glob("output-*"))
    link = re.search(rf"http://127.0.0.1:{portal.port}(/setup/\S+/)", output)
    assert link and "Name of your shop" in portal.get(link[1])

    said = manage(portal, "create_merchant", "--no-input", *NEW)
    key = re.search(r"Storefront key  (\w{32}) ", said)
    assert key and "live merchant" in said and PASSWORD not in said
    assert not portal.answers(link[1])  # no second first owner

    for name in ("products", "customers", "subscriptions"):
        manage(portal, f"import_{name}", f"samples/{name}.csv", "--merchant", "Harbour Coffee")
    assert portal.query(IMPORTED.format("customer")) == [(300,)]
    assert portal.query(IMPORTED.format("product")) == [(40,)]

    with httpx.Client(base_url=f"http://127.0.0.1:{portal.port}", timeout=30) as browser:
        send_form(browser, "/admin/login/", username=OWNER, password=PASSWORD)
        assert "TEST MODE" not in browser.get("/admin/").text
        gateway = "/admin/subscriptions/gatewaysettings"
        assert "Orders wait until you have set where they go." in browser.get(f"{gateway}/add/").text
        send_form(browser, f"{gateway}/add/", kind="xml", url=platform.url)
        change = str(browser.get(f"{gateway}/").headers["Location"])
        assert f"each order is posted to {platform.url}" in browser.get(change).text

        ((order, public_id, customer, total),) = portal.query(AN_ORDER)
        page = f"/admin/subscriptions/order/{order}/"
        send_form(browser, f"{page}send-now/")
        manage(portal, "shell", "-c", "from subscriptions.jobs.engine import tick; tick()")
        placed = f"SELECT status, order_merchant_id FROM subscriptions_order WHERE id = {order}"
        wait_until(lambda: portal.query(placed) == [(5, "1224")])
        assert "Nothing: your platform has placed the order." in browser.get(f"{page}change/").text

    (post,) = platform.posts
    document = ET.fromstring(post.body)
    assert document.findtext("head/orderPublicId") == public_id.hex
    assert document.findtext("head/orderTotalValue") == str(total)
    assert document.findtext("head/orderSourcePartnerName") == "Harbour Coffee"
    assert document.findtext("customer/customerPartnerId") == customer
    assert len(document.findall("items/item")) >= 1
    claim = json.loads(post.headers["Authorization"])
    text = f"{customer}|{claim['ts']}".encode()
    assert claim["sig_field"] == customer
    assert claim["sig"] == base64.b64encode(hmac.digest(key[1].encode(), text, hashlib.sha256)).decode()
