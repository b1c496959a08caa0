"""What every answer tells browsers, and what cookies, redirects and the host header are like behind https."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from subscriptions.models import Merchant
from tests.factories import MembershipFactory, MerchantFactory

# What the settings are made of, and the check that Django has for installations.
READ_SETTINGS = """
import json, django
from django.conf import settings
from django.core.management import call_command
django.setup()
call_command("check", deploy=True, fail_level="WARNING")
wanted = ("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "ALLOWED_HOSTS", "X_FRAME", "USE_X_FORWARDED")
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.startswith(wanted)}))
"""
HOSTILE = [
    "https://evil.test/",
    "//evil.test/",
    "/\\evil.test/",
    "///evil.test",
    "http:evil.test",
    "javascript:alert(1)",
]


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def behind_https(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The settings of an installation whose address begins with https."""
    # Alone: the browser tests set what no installation should.
    environment = {
        "PATH": os.environ["PATH"],
        "REPRISE_HOME": str(tmp_path_factory.mktemp("home")),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PUBLIC_URL": "https://portal.test",
        "ALLOWED_HOSTS": "portal.test",
    }
    command = [sys.executable, "-c", READ_SETTINGS]
    done = subprocess.run(
        command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True, timeout=60
    )
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return read | {"SECURE_PROXY_SSL_HEADER": tuple(read["SECURE_PROXY_SSL_HEADER"])}


@pytest.fixture
def merchant() -> Merchant:
    merchant: Merchant = MerchantFactory()
    MembershipFactory(merchant=merchant, user__username="sam")
    return merchant


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/login/",
        "/password/",
        "/setup/",
        "/nowhere/",
        "/api/docs/",
        "/api/orders/",
        "/l/{}/",
        "/healthz",
    ],
)
def test_no_answer_may_be_framed_sniffed_or_given_a_camera(merchant: Merchant, address: str) -> None:
    answer = Client().get(address.format(merchant.public_id.hex))
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    # The documentation, which nobody logs in to, is drf-spectacular's.
    assert answer["Cross-Origin-Opener-Policy"] == ("unsafe-none" if "docs" in address else "same-origin")
    assert "camera=()" in answer["Permissions-Policy"] and "payment=()" in answer["Permissions-Policy"]


def test_cookies_behind_https_are_of_one_host_and_no_script(behind_https: dict[str, Any], merchant: Merchant) -> None:
    with override_settings(**behind_https):
        client = Client(headers={"host": "portal.test"})
        client.get("/admin/login/", secure=True)
        form = {"username": "sam", "password": "correct horse"}
        assert client.post("/admin/login/", form, secure=True)["location"] == "/admin/"
    assert {"__Host-session", "__Host-csrf", "login_device"} == client.cookies.keys()
    for name, cookie in client.cookies.items():
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"]
        assert cookie["path"] == ("/admin/login/" if name == "login_device" else "/")


def test_plain_http_leads_to_https_except_for_probes(behind_https: dict[str, Any]) -> None:
    with override_settings(**behind_https):
        client = Client(headers={"host": "portal.test"})
        assert client.get("/nowhere/")["location"] == "https://portal.test/nowhere/"
        assert client.get("/healthz").status_code == 200
        told = client.get("/nowhere/", secure=True)["Strict-Transport-Security"]
        forwarded = client.get("/nowhere/", headers={"x-forwarded-proto": "https"})
    assert told == "max-age=31536000; includeSubDomains; preload"
    assert forwarded.status_code == 404


@pytest.mark.parametrize("host", ["evil.test", "portal.test.evil.test", "evil.test:443", "portal.test@evil.test", ""])
def test_a_request_for_another_host_is_refused(behind_https: dict[str, Any], merchant: Merchant, host: str) -> None:
    with override_settings(**behind_https):
        answer = Client(headers={"host": host or "x"}).get("/admin/login/", secure=True)
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


def test_no_header_of_a_client_makes_links_to_another_host(behind_https: dict[str, Any], merchant: Merchant) -> None:
    with override_settings(**behind_https):
        client = Client(headers={"host": "portal.test", "x-forwarded-host": "evil.test", "forwarded": "host=evil.test"})
        answer = client.get("/admin/", secure=True)
        assert answer["location"] == "/admin/login/?next=/admin/"
        assert "evil" not in client.get("/admin/login/", secure=True).content.decode()


@pytest.mark.parametrize("target", HOSTILE)
def test_a_login_leads_to_no_other_site(merchant: Merchant, target: str) -> None:
    form = {"username": "sam", "password": "correct horse", "next": target}
    client = Client()
    assert client.post("/admin/login/", form, query_params={"next": target})["location"] == "/admin/"
    # Whoever is in already is sent on at once.
    assert client.get("/admin/login/", {"next": target})["location"] == "/admin/"
    assert client.post("/admin/logout/", {"next": target}).get("location", "/admin/login/").startswith("/admin/")


@pytest.mark.parametrize("address", ["/admin/login/", "/password/", "/admin/logout/", "/admin/merchant/switch/"])
def test_a_form_of_another_site_does_nothing(merchant: Merchant, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(address, {"username": "sam", "password": "correct horse"}).status_code == 403
    assert "sessionid" not in client.cookies
