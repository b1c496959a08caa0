"""A GET with the merchant's API key acts, as the published samples of clients call it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions import api_keys
from subscriptions.models import ApiKey, Merchant, Subscription
from tests.factories import MerchantFactory

pytestmark = pytest.mark.django_db
ALL = ("read", "write", "bulk")


def keyed(merchant: Merchant, *scopes: str, accept: str = "*/*", **options: Any) -> Client:
    _, text = api_keys.create_api_key(merchant, "Shop", scopes or ALL, **options)
    return Client(headers={"x-api-key": text, "Accept": accept})


def get(client: Client, token: ActionToken, prefix: str = "") -> Any:
    return client.get(f"{prefix}/one_click/reactivate/", {"token": encode_token(token)})


def is_live(token: ActionToken) -> bool:
    return Subscription.objects.get(pk=token.subscription_id).live


@pytest.mark.parametrize("accept", ["*/*", "", "text/html", "application/xml"])
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_get_with_the_merchants_key_acts_beside_any_accept(token: ActionToken, accept: str, prefix: str) -> None:
    OneClickSettings.objects.update(replay_seconds=0)
    client = keyed(token.merchant, accept=accept)
    good = get(client, token, prefix)
    assert (good.status_code, good.json(), is_live(token)) == (200, {}, True)
    bad = get(client, token, prefix)
    assert (bad.status_code, bad.json()) == (400, {"error": "token_already_used"})


def test_a_forged_token_is_answered_in_the_clients_shape(token: ActionToken) -> None:
    answer = keyed(token.merchant).get("/one_click/reactivate/", {"token": "forged"})
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_token"})


def changes_nothing(client: Client, token: ActionToken) -> bool:
    answer = get(client, token)
    return answer.status_code == 303 and not is_live(token) and not Click.objects.exclude(outcome="fetched").exists()


def test_another_merchants_key_changes_nothing(token: ActionToken) -> None:
    assert changes_nothing(keyed(MerchantFactory()), token)


@pytest.mark.parametrize("scopes", [("gladly:read", "gladly:act"), ("read",), ("read", "bulk")])
def test_a_key_that_may_not_write_changes_nothing(token: ActionToken, scopes: tuple[str, ...]) -> None:
    assert changes_nothing(keyed(token.merchant, *scopes), token)


def test_a_key_changes_nothing_from_the_moment_it_expires(token: ActionToken, clock: Any) -> None:
    client = keyed(token.merchant, expires=timezone.now() + timedelta(seconds=1))
    clock.shift(1)
    assert changes_nothing(client, token)
    clock.shift(-0.001)
    assert get(client, token).status_code == 200


def test_a_revoked_key_changes_nothing(token: ActionToken) -> None:
    client = keyed(token.merchant)
    ApiKey.objects.update(revoked=timezone.now())
    assert changes_nothing(client, token)


@pytest.mark.parametrize("key", ["", "rpk_", "rpk_00000000_00", "\xe9"])
def test_a_text_that_is_no_key_changes_nothing(token: ActionToken, key: str) -> None:
    assert changes_nothing(Client(headers={"x-api-key": key}), token)


def test_a_key_does_not_act_where_the_merchant_has_switched_gets_off(token: ActionToken) -> None:
    OneClickSettings.objects.update(allow_get=False)
    assert changes_nothing(keyed(token.merchant), token)


@pytest.mark.parametrize("method", ["head", "put", "patch", "delete", "options", "trace"])
def test_no_other_method_acts_for_a_key(token: ActionToken, method: str) -> None:
    path = f"/one_click/reactivate/?token={encode_token(token)}"
    getattr(keyed(token.merchant), method)(path)
    assert not is_live(token) and set(Click.objects.values_list("outcome", flat=True)) <= {"fetched"}


def test_a_request_without_a_key_costs_no_query_for_one(token: ActionToken, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        Client().get("/one_click/reactivate/", {"token": "forged"}, headers={"Accept": "*/*"})
