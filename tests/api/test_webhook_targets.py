"""Table 6.11: webhook targets, their filters and signing keys."""

from typing import Any

import pytest
from django.test import Client

from integrations.models import Connection, Delivery, WebhookTarget
from integrations.webhooks import targets
from subscriptions.models import IdempotencyKey, Merchant
from tests.api.catalogue.rows import DENIED, MISSING, send, signed_client
from tests.api.conftest import Connect
from tests.factories import CustomerFactory, MerchantFactory

pytestmark = pytest.mark.usefixtures("noon")
URL = "https://93.184.216.34/hook"
OPERATIONS = [
    ("get", "/webhook_targets/"),
    ("post", "/webhook_targets/"),
    ("get", "/webhook_targets/{id}/"),
    ("patch", "/webhook_targets/{id}/"),
    ("delete", "/webhook_targets/{id}/"),
    ("post", "/webhook_targets/{id}/filters"),
    ("put", "/webhook_targets/{id}/filters"),
    ("get", "/webhook_targets/{id}/signing_key"),
    ("patch", "/webhook_targets/{id}/signing_key/rotate"),
]
EACH = pytest.mark.parametrize(("method", "path"), OPERATIONS)
BODY = {"target_url": URL, "pattern": "*"}


@pytest.fixture
def target(merchant: Merchant) -> Connection:
    return targets.create_target(merchant, URL, name="Warehouse")


def path_of(target: Connection, rest: str = "/") -> str:
    return f"/webhook_targets/{target.public_id.hex}{rest}"


def test_a_target_is_created_changed_and_removed(api: Client, merchant: Merchant) -> None:
    status, created = send(api, "post", "/webhook_targets/", {"target_url": URL, "name": "Warehouse"})
    row = Connection.objects.get()
    assert (status, created) == (
        201,
        {
            "id": row.public_id.hex,
            "merchant": merchant.public_id.hex,
            "target_url": URL,
            "enabled": True,
            "created": "2026-11-20 12:00:00",
            "updated": "2026-11-20 12:00:00",
            "name": "Warehouse",
            "pattern": "",
        },
    )
    assert list(created) == ["id", "merchant", "target_url", "enabled", "created", "updated", "name", "pattern"]
    sent = {"enabled": False, "name": "Depot", "target_url": f"{URL}/2"}
    assert send(api, "patch", path_of(row), sent) == (200, created | sent)
    assert send(api, "get", path_of(row)) == (200, created | sent)
    assert send(api, "get", "/webhook_targets/")[1]["results"] == [created | sent]
    assert api.delete(f"/api{path_of(row)}").status_code == 204
    assert send(api, "get", path_of(row)) == MISSING
    assert send(api, "get", "/webhook_targets/")[1]["results"] == []


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("method", ["post", "put"])
def test_a_filter_is_set(api: Client, target: Connection, method: str, slash: str) -> None:
    sent = {"pattern": " subscription.* | order.reminder|order.reminder"}
    answer = {"pattern": "subscription.*|order.reminder"}
    assert send(api, method, path_of(target, f"/filters{slash}"), sent) == (200, answer)
    assert send(api, "get", path_of(target, slash))[1]["pattern"] == answer["pattern"]


@pytest.mark.parametrize("pattern", ["subscription.made", "order", "*.create", "*|nothing"])
def test_an_unknown_type_is_refused_with_the_valid_ones(api: Client, target: Connection, pattern: str) -> None:
    status, answer = send(api, "post", path_of(target, "/filters"), {"pattern": pattern})
    assert (status, list(answer)) == (400, ["pattern"])
    assert "order.reminder" in answer["pattern"][0]
    assert WebhookTarget.objects.get().pattern == ""


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "target_url"),
        ({"target_url": "http://93.184.216.34/"}, "target_url"),
        ({"target_url": "https://10.0.0.1/"}, "target_url"),
        ({"target_url": "https://[64:ff9b::a00:1]/"}, "target_url"),
        ({"target_url": "nothing"}, "target_url"),
        ({"target_url": URL, "name": "Warehouse"}, "name"),
        ({"target_url": URL, "enabled": "perhaps"}, "enabled"),
        ({"target_url": URL, "merchant": "0" * 32}, "merchant"),
    ],
)
def test_a_wrong_body_is_refused(
    api: Client, target: Connection, settings: Any, sent: dict[str, object], field: str
) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = False
    status, answer = send(api, "post", "/webhook_targets/", sent)
    assert (status, list(answer)) == (400, [field])
    assert Connection.objects.count() == 1


def test_an_eleventh_target_is_refused(api: Client, merchant: Merchant) -> None:
    for _ in range(10):
        assert send(api, "post", "/webhook_targets/", BODY)[0] == 201
    refused = {"detail": "There are 10 webhook targets already; remove one first."}
    assert send(api, "post", "/webhook_targets/", BODY) == (400, refused)


def test_a_key_is_shown_once_after_it_was_made(api: Client, target: Connection) -> None:
    path = path_of(target, "/signing_key")
    assert api.head(f"/api{path}").status_code == 405
    assert send(api, "get", path) == (200, {"signing_key": target.secret + ""})
    assert send(api, "get", path) == (200, {"signing_key": None})


def test_a_rotation_overlaps_for_a_day_and_shows_its_keys_once(api: Client, target: Connection) -> None:
    old, path = target.secret + "", path_of(target, "/signing_key/rotate")
    status, answer = send(api, "patch", path)
    target.refresh_from_db()
    end = {"signing_key_expiry": "2026-11-21T17:00:00Z"}
    assert (status, answer) == (200, {"signing_key": target.secret, "expiring_signing_key": old} | end)
    repeated = {"signing_key": None, "expiring_signing_key": None} | end
    assert send(api, "patch", path) == (200, repeated)
    assert send(api, "get", path_of(target, "/signing_key")) == (200, {"signing_key": target.secret})
    assert send(api, "get", path_of(target, "/signing_key")) == (200, {"signing_key": None})
    key = target.secret + ""
    target.refresh_from_db()
    assert target.secret == key


def test_a_repeated_rotation_gets_no_key_and_none_is_stored(api: Client, target: Connection) -> None:
    path, options = f"/api{path_of(target, '/signing_key/rotate')}", {"headers": {"Idempotency-Key": "rotate-1"}}
    first = api.patch(path, content_type="application/json", **options)
    again = api.patch(path, content_type="application/json", **options)
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert again.json() == first.json() | {"signing_key": None, "expiring_signing_key": None}
    assert first.json()["signing_key"] not in IdempotencyKey.objects.get().answer["body"]


def test_switching_off_cancels_what_waits(api: Client, target: Connection, merchant: Merchant) -> None:
    targets.set_filter(target, "*")
    merchant.refresh_from_db()
    sent = {"merchant_user_id": "C-1", "first_name": "Ana", "last_name": "Ruiz", "email": "ana@example.com"}
    assert send(api, "post", "/customers/create/", sent)[0] == 200
    assert send(api, "patch", path_of(target), {"enabled": False})[0] == 200
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"canceled"}


@EACH
def test_only_api_keys_of_the_merchant_may_call(connect: Connect, target: Connection, method: str, path: str) -> None:
    def answer(client: Client) -> tuple[int, Any]:
        return send(client, method, path.format(id=target.public_id.hex), None if method == "get" else BODY)

    customer = CustomerFactory(merchant=target.merchant)
    reads = method == "get" and "key" not in path
    others = connect("bulk", "write" if reads else "read")
    for client in (Client(), signed_client(target.merchant, customer.merchant_user_id), others):
        assert answer(client) == DENIED
    if "{id}" in path:
        assert answer(connect(of=MerchantFactory())) == MISSING
    assert answer(connect("read" if reads else "write"))[0] < 300


def test_a_stale_target_is_not_changed(api: Client, target: Connection) -> None:
    tag = api.get(f"/api{path_of(target)}")["ETag"]
    targets.set_filter(target, "*")
    answer = api.patch(
        f"/api{path_of(target)}", {"name": "x"}, content_type="application/json", headers={"If-Match": tag}
    )
    assert answer.status_code == 412
