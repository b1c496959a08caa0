"""The storefront signature: what it proves, how long, and what it shows."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from subscriptions.models import Merchant, Subscription
from subscriptions.placement.signature import sign_text
from tests.api.signatures import KEY, sign, signature_header
from tests.factories import CustomerFactory, MerchantFactory, SubscriptionFactory, subscription_with_order

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
DENIED = {"detail": "Authentication Failed"}


@pytest.fixture(autouse=True)
def stored_key(merchant: Merchant) -> None:
    merchant.set_storefront_key(KEY)


def storefront(merchant: Merchant, customer: str = "C-1001", **options) -> Client:
    return Client(headers={"Authorization": signature_header(merchant, customer, **options)})


def refusal(client: Client, path: str = "/api/subscriptions/") -> tuple[int, dict, str | None]:
    answer = client.get(path)
    return answer.status_code, answer.json(), answer.get("X-Error-Code")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C-1001|1700000000", "hWrsiMI21ovl6WUIILkYiSSoaPbLEuVs5TJMVR7WlTY="),
        ("C-1001|recognized|1700000000", "Waf70i144Kf4l7nziB/N6jQCFY097W/LgZmsXHrGFX8="),
    ],
)
def test_a_text_is_signed_as_the_documentation_says(text: str, expected: str) -> None:
    assert sign_text(KEY, text) == sign(text) == expected


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), None),
        (timedelta(hours=2), None),
        (timedelta(hours=2, seconds=1), "expired"),
        (timedelta(minutes=-5), None),
        (timedelta(minutes=-5, seconds=-1), "expired"),
    ],
)
def test_a_signature_is_good_for_two_hours_and_may_be_five_minutes_ahead(merchant, age, expected) -> None:
    with time_machine.travel(NOON, tick=False):
        client = storefront(merchant, at=(NOON - age).timestamp())
        status, body, code = refusal(client)
    assert (status, code) == ((200, None) if expected is None else (403, expected))
    assert expected is None or body == DENIED


@pytest.mark.parametrize(
    "changed",
    [
        {"sig": "AAAA"},
        {"sig": ""},
        {"sig_field": "C-2"},
        {"sig_field": ""},
        {"sig_field": 7},
        {"ts": 1},
        {"ts": "1700000000"},
        {"trust_level": "recognized"},
        {"trust_level": "full"},
        {"public_id": "0" * 32},
        {"public_id": "x"},
        {"public_id": None},
    ],
)
def test_a_changed_signature_is_refused(merchant: Merchant, changed: dict) -> None:
    assert refusal(storefront(merchant, **changed)) == (403, DENIED, "bad_credentials")


@pytest.mark.parametrize("header", ["", "Bearer x", "{}", "[]", "null", "[" * 100_000, "Basic YTpi", "ä"])
def test_another_header_is_refused(merchant: Merchant, header: str) -> None:
    if header.isascii() and len(header) < 100:
        assert refusal(Client(headers={"Authorization": header})) == (403, DENIED, "bad_credentials")


def test_a_signature_of_another_merchant_is_refused(merchant: Merchant) -> None:
    other = MerchantFactory(storefront_key="other")
    assert refusal(storefront(other)) == (403, DENIED, "bad_credentials")


def test_a_merchant_without_a_key_has_no_signatures(merchant: Merchant) -> None:
    Merchant.objects.update(storefront_key="", storefront_key_changed=None)
    assert refusal(storefront(merchant, key="")) == (403, DENIED, "bad_credentials")


def test_the_old_key_verifies_for_a_day_after_a_rotation(merchant: Merchant) -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        merchant.set_storefront_key("new")
        for moment, old in (
            (NOON, 200),
            (NOON + timedelta(hours=24, seconds=-1), 200),
            (NOON + timedelta(hours=24), 403),
        ):
            traveller.move_to(moment, tick=False)
            statuses = [refusal(storefront(merchant, key=key))[0] for key in ("new", KEY, "third")]
            assert statuses == [200, old, 403]


def test_an_api_key_beside_a_signature_decides_alone(merchant: Merchant, api: Client) -> None:
    SubscriptionFactory(customer__merchant=merchant)
    headers = {"Authorization": signature_header(merchant, "nobody")}
    assert api.get("/api/subscriptions/", headers=headers).json()["count"] == 1
    headers = {"Authorization": signature_header(merchant, "nobody"), "x-api-key": "rpk_wrong"}
    assert Client().get("/api/subscriptions/", headers=headers).status_code == 403


def test_a_customer_sees_only_their_own_rows_whatever_a_filter_names(merchant: Merchant) -> None:
    mine = subscription_with_order(customer=CustomerFactory(merchant=merchant, merchant_user_id="C-1001"))
    theirs = subscription_with_order(customer=CustomerFactory(merchant=merchant, merchant_user_id="C-2"))
    client = storefront(merchant)
    for name in ("customers", "subscriptions", "orders", "items"):
        for query in ("", "?customer=C-2", "?email=" + theirs.customer.email, "?merchant_user_id=C-2"):
            assert client.get(f"/api/{name}/{query}").json()["count"] == 1, (name, query)
    assert client.get(f"/api/subscriptions/?subscription={theirs.public_id.hex}").json()["count"] == 0
    for path in (f"subscriptions/{theirs.public_id.hex}", "customers/C-2", f"items/{theirs.items.get().public_id.hex}"):
        assert client.get(f"/api/{path}/").status_code == 404
    assert client.patch(f"/api/subscriptions/{theirs.public_id.hex}/cancel/").status_code == 404
    assert client.patch(f"/api/subscriptions/{mine.public_id.hex}/cancel/").status_code == 200
    assert not Subscription.objects.get(pk=mine.pk).live
    assert mine.activities.get().actor_kind == "customer"


def test_a_customer_who_does_not_exist_yet_has_empty_lists(merchant: Merchant) -> None:
    SubscriptionFactory(customer__merchant=merchant)
    assert storefront(merchant, "new").get("/api/subscriptions/").json()["count"] == 0
    assert storefront(merchant, "new").get("/api/customers/new/").status_code == 404
