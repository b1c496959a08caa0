"""A stored secret shows its mask in every rendering, and its text only to the code that sends or compares it."""

import logging
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.template import Context, Template
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from integrations.models import Connection
from integrations.sandbox.private_keys import create_key, find_key_merchant
from subscriptions.models import Merchant
from subscriptions.models.fields import EncryptedField, Secret
from subscriptions.placement.signature import sign_text
from tests import factories as f

CLEAR = "clear-text-4711"
MASK = "••••••••"


@pytest.fixture
def secret(db: None) -> str:
    f.MerchantFactory(storefront_key=CLEAR)
    return Merchant.objects.get().storefront_key


def test_every_encrypted_field_is_read_as_a_secret(secret: str) -> None:
    f.ConnectionFactory(secret=CLEAR, merchant__storefront_key=CLEAR)
    assert type(secret) is Secret
    assert type(Connection.objects.get().secret) is Secret
    assert [type(key) for key in Merchant.objects.values_list("storefront_key", flat=True)] == [Secret] * 2


def test_whatever_renders_a_secret_shows_the_mask(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    assert (str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret) == (MASK,) * 5  # noqa: UP031
    assert f"{secret:>10}" == f"  {MASK}"
    page = "{{ it }}|{{ it|safe }}|{{ it|default:'-' }}|{% autoescape off %}{{ it }}{% endautoescape %}|{{ it|upper }}"
    assert Template(page).render(Context({"it": secret})) == "|".join([MASK] * 5)
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("the key is %s", secret)
    assert caplog.messages == [f"the key is {MASK}"]


def test_an_error_report_with_all_its_variables_shows_the_mask(secret: str) -> None:
    def fail(held: str) -> None:
        raise RuntimeError(f"not with {held}")

    try:
        fail(secret)
    except RuntimeError as error:
        report = ExceptionReporter(RequestFactory().get("/"), RuntimeError, error, error.__traceback__)
    assert MASK in report.get_traceback_html() and MASK in report.get_traceback_text()
    assert CLEAR not in report.get_traceback_html() + report.get_traceback_text()


def test_code_that_signs_or_compares_uses_the_secret_itself(secret: str) -> None:
    assert secret == CLEAR and secret != MASK and len(secret) == 15
    assert sign_text(secret, "C-1|1") == sign_text(CLEAR, "C-1|1")
    merchant = Merchant.objects.get()
    f.ConnectionFactory(merchant=merchant, secret=create_key(merchant), base_url="http://127.0.0.1/sandbox/klaviyo")
    assert find_key_merchant("Klaviyo-API-Key " + Connection.objects.get().secret) == merchant


def test_an_empty_secret_has_no_mask(db: None) -> None:
    f.MerchantFactory(storefront_key="")
    assert str(Merchant.objects.get().storefront_key) == ""


def test_saving_a_row_keeps_its_secret(secret: str) -> None:
    merchant = Merchant.objects.get()
    merchant.save()
    assert Merchant.objects.get().storefront_key == CLEAR


def test_an_exported_secret_is_encrypted_and_can_be_loaded_again(secret: str, tmp_path: Path) -> None:
    dumped = StringIO()
    call_command("dumpdata", "subscriptions.merchant", stdout=dumped)
    assert CLEAR not in dumped.getvalue() and MASK not in dumped.getvalue()
    file = tmp_path / "merchants.json"
    file.write_text(dumped.getvalue())
    Merchant.objects.update(storefront_key="")
    call_command("loaddata", str(file), verbosity=0)
    assert Merchant.objects.get().storefront_key == CLEAR
    with connection.cursor() as cursor:
        cursor.execute("SELECT storefront_key FROM subscriptions_merchant")
        (stored,) = cursor.fetchone()
    assert EncryptedField.cipher().decrypt(stored.encode()) == CLEAR.encode()
