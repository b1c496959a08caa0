"""Every kind of secret is planted and used, rightly and wrongly; none can be read in rows, logs, answers or files."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from config.json_logs import JsonFormatter
from integrations.models import Connection, GladlyAccount
from integrations.privacy.export import export_customer
from integrations.sandbox.private_keys import create_key
from integrations.webhooks.signing_keys import rotate_signing_key
from integrations.webhooks.targets import create_target
from onboarding.setup_link import setup_link
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription as verbs
from subscriptions.api import request_log
from subscriptions.api_keys import create_api_key
from subscriptions.models import Invitation, Merchant, SecondFactor
from subscriptions.staff.reset_links import reset_link
from tests import factories as f
from tests.privacy.full_customer import find_in_database

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"
TOTP_KEY = "3132333435363738393031323334353637383930"


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    request_log._waiting.clear()
    yield
    request_log._waiting.clear()


@pytest.fixture
def secrets() -> dict[str, str]:
    """The texts by kind: what people and systems hold, and no table may."""
    merchant: Merchant = f.MerchantFactory(storefront_key="sf-in-clear-1", previous_storefront_key="sf-in-clear-2")
    invitation = Invitation(merchant=merchant, email="kim@home.test", expires=timezone.now() + timedelta(days=1))
    user = f.MembershipFactory(merchant=merchant, user__username="sam").user
    factor = SecondFactor(user=user, key=TOTP_KEY)
    recovery = factor.new_recovery_codes()
    factor.save()
    planted = {
        "storefront key": "sf-in-clear-1",
        "former storefront key": "sf-in-clear-2",
        "ESP key": "pk-in-clear-3",
        "sandbox key": create_key(merchant),
        "API key": create_api_key(merchant, "Shop", ["read", "bulk"])[1],
        "Gladly API key": create_api_key(merchant, "Agents", ["gladly:read"])[1],
        "invitation": invitation.new_token(),
        "link to a new password": reset_link(user),
        "set-up link": setup_link(),
        "password": PASSWORD,
        "authenticator": TOTP_KEY,
        "recovery code": recovery[0],
        "recovery code as typed": recovery[1].replace("-", ""),
    }
    invitation.save()
    f.ConnectionFactory(merchant=merchant, name="ESP", secret=planted["ESP key"])
    f.ConnectionFactory(merchant=merchant, name="Sandbox", secret=planted["sandbox key"])
    gladly = f.ConnectionFactory(merchant=merchant, name="Gladly", integration="gladly", secret="gl-in-clear-4")
    keys = {"signing_key": "gl-in-clear-5", "basic_password": "gl-in-clear-6", "header_value": "gl-in-clear-7"}
    GladlyAccount.objects.create(connection=gladly, basic_user="gladly", header_name="X-Gladly", **keys)
    target = create_target(merchant, "https://93.184.216.34/hook")
    newer, older, _ = rotate_signing_key(target)
    planted |= {"Gladly token": "gl-in-clear-4", **keys, "webhook key": newer or "", "former webhook key": older or ""}
    verbs.cancel(f.subscription_with_order(customer__merchant=merchant), actor=f.STAFF)
    planted["1-click token"] = encode_token(ActionToken.objects.get(merchant=merchant))
    return planted


def use_all(secrets: dict[str, str]) -> Iterator[Any]:
    """Each secret once as it is meant, and once where it is refused."""
    client, wrong = Client(raise_request_exception=False), Client(raise_request_exception=False)
    for name in ("API key", "Gladly API key"):
        headers = {"x-api-key": secrets[name]}
        yield client.get("/api/customers/", headers=headers)
        yield client.get("/api/customers/unknown/", headers=headers)
        yield client.get("/gladly/v1/customers", headers=headers)
    yield client.get("/api/customers/", headers={"x-api-key": f"{secrets['API key'][:-1]}x"})
    yield client.get("/api/customers/", headers={"Authorization": f'{{"sig": "{secrets["storefront key"]}"}}'})
    for path in ("accounts", "events"):
        yield client.get(
            f"/sandbox/klaviyo/api/{path}", headers={"Authorization": f"Klaviyo-API-Key {secrets['sandbox key']}"}
        )
    token = {"token": secrets["1-click token"]}
    yield client.post("/one_click/reactivate/", token, headers={"Accept": "application/json"})
    yield client.post("/one_click/delay/", token, headers={"Accept": "application/json"})
    yield client.get(f"/invitation/{secrets['invitation']}/")
    yield client.get(f"/invitation/{secrets['invitation'][:-1]}x/")
    for name in ("link to a new password", "set-up link"):
        yield client.get(secrets[name])
        yield client.get(f"{secrets[name][:-2]}x/")
    # The password where the name belongs, which happens; then rightly, with a wrong and a right code.
    yield wrong.post("/admin/login/", {"username": "sam", "password": f"{PASSWORD}!"})
    step = client.post("/admin/login/", {"username": "sam", "password": PASSWORD})
    yield client.post(step["Location"], {"code": secrets["recovery code"][:-1]})
    yield from (Client().get(path) for path in ("/healthz", "/readyz", "/metrics", "/nowhere/"))


def test_no_secret_can_be_read_after_its_use(secrets: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answers = [(each.request["PATH_INFO"], each.content.decode()) for each in use_all(secrets)]
        try:
            with transaction.atomic():
                Connection.objects.create(merchant_id=None, secret=secrets["ESP key"], name="x")
        except DatabaseError:
            logging.getLogger("tried").exception("it failed")
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert len(answers) > 20 and len(lines) > 2
    customer = Merchant.objects.get().customers.get()
    file = "".join(export_customer(customer))
    places = {"the log": "\n".join(lines), "the export": file}
    # A page shows who opened it the link itself, in its form.
    shown = {path: text for path, text in answers if not path.startswith(("/invitation/", "/password/", "/setup/"))}
    found = [
        (place, name) for place, text in (places | shown).items() for name, each in secrets.items() if each in text
    ]
    assert found == []
    assert request_log.write_waiting() > 3
    assert find_in_database(*secrets.values()) == []


def test_what_is_looked_for_would_be_found(secrets: dict[str, str]) -> None:
    assert all(secrets.values())
    Merchant.objects.update(name=secrets["ESP key"])
    assert len(find_in_database(*secrets.values())) == 1
