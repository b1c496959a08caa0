import hmac
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from subscriptions import api_keys
from subscriptions.errors import Refused
from subscriptions.models import ApiKey, Merchant
from tests.api.signatures import KEY, signature_header
from tests.factories import MerchantFactory


def test_a_key_is_found_by_its_text_and_only_its_digest_is_kept(merchant: Merchant) -> None:
    key, text = api_keys.create_api_key(merchant, "Shop", ["read"])
    _, prefix, secret = text.split("_")
    assert text.startswith("rpk_")
    assert (len(prefix), len(secret)) == (8, 40)
    row = ApiKey.objects.get()
    assert (row.prefix, row.name, row.scopes, row.expires, row.revoked) == (
        prefix,
        "Shop",
        ["read"],
        None,
        None,
    )
    assert secret not in row.digest
    assert len(row.digest) == 64
    assert api_keys.find_api_key(text) == key


def test_a_key_is_found_with_one_query(merchant: Merchant, django_assert_num_queries) -> None:
    _, text = api_keys.create_api_key(merchant, "Shop", ["read"])
    with django_assert_num_queries(1):
        assert api_keys.find_api_key(text).merchant == merchant


def test_neither_another_secret_nor_a_bare_prefix_nor_a_revoked_key_is_found(merchant: Merchant) -> None:
    key, text = api_keys.create_api_key(merchant, "Shop", ["read"])
    assert api_keys.find_api_key(text[:-1] + ("0" if text[-1] != "0" else "1")) is None
    assert api_keys.find_api_key(f"rpk_{key.prefix}_") is None
    assert api_keys.find_api_key(text.removeprefix("rpk_")) is None
    assert api_keys.find_api_key("") is None
    ApiKey.objects.update(revoked=timezone.now())
    assert api_keys.find_api_key(text) is None


def test_keys_and_signatures_are_compared_in_constant_time(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant.set_storefront_key(KEY)
    _, text = api_keys.create_api_key(merchant, "Shop", ["read"])
    compared: list[bytes] = []
    compare = hmac.compare_digest

    def note(given: bytes, expected: bytes) -> bool:
        compared.append(given)
        return compare(given, expected)

    monkeypatch.setattr(hmac, "compare_digest", note)
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert api_keys.find_api_key(wrong) is None
    assert len(compared) == 1
    header = signature_header(merchant, "C-1001", sig="AAAA")
    assert Client(headers={"Authorization": header}).get("/api/orders/").status_code == 403
    assert compared[1:] == [b"AAAA"]


def test_the_storefront_key_is_stored_encrypted(merchant: Merchant) -> None:
    for key in ("an old key of the shop", "a new key of the shop"):
        merchant.set_storefront_key(key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_json(m)::text FROM subscriptions_merchant m")
        ((stored,),) = cursor.fetchall()
    assert "key of the shop" not in stored
    merchant.refresh_from_db()
    assert merchant.valid_storefront_keys() == ["a new key of the shop", "an old key of the shop"]


def test_a_digest_under_another_server_secret_does_not_match(merchant: Merchant, settings) -> None:
    _, text = api_keys.create_api_key(merchant, "Shop", ["read"])
    settings.API_KEY_SECRET = "another"
    assert api_keys.find_api_key(text) is None


def test_an_eleventh_active_key_is_refused(merchant: Merchant) -> None:
    for number in range(10):
        api_keys.create_api_key(merchant, f"Key {number}", ["read"])
    with pytest.raises(Refused) as refusal:
        api_keys.create_api_key(merchant, "One too many", ["read"])
    assert refusal.value.code == "too_many_api_keys"
    assert ApiKey.objects.count() == 10
    api_keys.create_api_key(MerchantFactory(), "Another merchant's", ["read"])


def test_revoked_and_expired_keys_make_room(merchant: Merchant) -> None:
    now = timezone.now()
    for _ in range(9):
        api_keys.create_api_key(merchant, "Live", ["read"])
    api_keys.create_api_key(merchant, "Expired", ["read"], expires=now - timedelta(seconds=1))
    api_keys.create_api_key(merchant, "Tenth", ["read"])
    ApiKey.objects.filter(name="Tenth").update(revoked=now)
    api_keys.create_api_key(merchant, "Instead", ["read"])
    assert ApiKey.objects.count() == 12


def test_an_unknown_scope_is_refused_by_name(merchant: Merchant) -> None:
    with pytest.raises(Refused, match=r"^admin is not a scope; choose from read, write, bulk"):
        api_keys.create_api_key(merchant, "Shop", ["read", "admin"])
    assert not ApiKey.objects.exists()
