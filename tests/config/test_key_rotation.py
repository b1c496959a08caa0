"""Each secret of the installation is replaced, and what was made with the former one goes on."""

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client

from integrations.models import Connection, GladlyAccount, WebhookTarget
from oneclick.models import ActionToken
from oneclick.tokens.token_text import decode_nonce, encode_token
from subscriptions.api_keys import create_api_key, find_api_key
from subscriptions.models import ApiKey, Merchant, SecondFactor
from subscriptions.staff.reset_links import reset_link
from tests import factories as f

pytestmark = pytest.mark.django_db


def log_in() -> Client:
    client = Client()
    user = f.MembershipFactory().user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(("fallbacks", "status"), [(["former"], 200), ([], 302)])
def test_logins_outlive_the_secret_key_with_its_fallback(fallbacks: list[str], status: int, settings: Any) -> None:
    settings.SECRET_KEY = "former"
    client = log_in()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "newer", fallbacks
    assert client.get("/admin/").status_code == status


@pytest.mark.parametrize(("fallbacks", "works"), [(["former"], True), ([], False)])
def test_links_and_recovery_codes_outlive_the_secret_key(fallbacks: list[str], works: bool, settings: Any) -> None:
    settings.SECRET_KEY = "former"
    user = f.MembershipFactory().user
    factor = SecondFactor(user=user, key="00" * 20)
    first, second, *_ = factor.new_recovery_codes()
    link = reset_link(user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "newer", fallbacks
    assert factor.verify(first) is works
    assert len(factor.recovery) == (9 if works else 10)
    assert not works or (factor.verify(second) and not factor.verify(second))
    assert ("new_password1" in Client().get(link, follow=True).text) is works


def test_an_api_key_outlives_its_secret_once_it_was_used_with_the_fallback(settings: Any) -> None:
    settings.API_KEY_SECRET = "former"
    merchant = f.MerchantFactory()
    used, unused = (create_api_key(merchant, name, ["read"])[1] for name in ("Used", "Unused"))
    settings.API_KEY_SECRET, settings.API_KEY_SECRET_FALLBACKS = "newer", ["former"]
    assert find_api_key(used) and not find_api_key(f"{used[:-1]}z")
    settings.API_KEY_SECRET_FALLBACKS = []
    assert find_api_key(used) and not find_api_key(unused)
    assert ApiKey.objects.get(name="Used").last_used is None


def test_every_stored_secret_is_encrypted_anew(settings: Any) -> None:
    former, newer = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [former]
    account = f.ConnectionFactory(secret="sk_1", merchant__storefront_key="sk_2")
    f.MerchantFactory(storefront_key="")
    GladlyAccount.objects.create(connection=account, signing_key="sk_3", basic_password="sk_4")
    WebhookTarget.objects.create(connection=account, old_secret="sk_5")
    SecondFactor.objects.create(user=f.UserFactory(), key="00" * 20)
    settings.ENCRYPTION_KEYS = [newer, former]
    call_command("reencrypt", stdout=(said := StringIO()))
    settings.ENCRYPTION_KEYS = [newer]
    assert said.getvalue() == "Encrypted the secrets of 5 rows with the newest key.\n"
    merchant = Merchant.objects.get(pk=account.merchant_id)
    gladly = GladlyAccount.objects.get()
    found = [Connection.objects.get().secret, merchant.storefront_key, gladly.signing_key, gladly.basic_password]
    assert [*found, WebhookTarget.objects.get().old_secret] == ["sk_1", "sk_2", "sk_3", "sk_4", "sk_5"]
    assert SecondFactor.objects.get().key == "00" * 20


def test_a_link_outlives_its_key_while_the_key_is_listed(settings: Any) -> None:
    settings.ONE_CLICK_KEYS = {"1": "aa" * 32}
    token = ActionToken(nonce=uuid4())
    text = encode_token(token)
    settings.ONE_CLICK_KEYS = {"2": "bb" * 32, "1": "aa" * 32}
    assert decode_nonce(text) == token.nonce and encode_token(token) != text
    settings.ONE_CLICK_KEYS = {"2": "bb" * 32}
    assert decode_nonce(text) is None
