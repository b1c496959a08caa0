import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from subscriptions.api.views import subscriptions as views
from subscriptions.models import Activity, Customer, Event, IdempotencyKey, Merchant, Subscription
from tests.api.conftest import Connect
from tests.api.patches import SETTINGS, patch_subscription
from tests.factories import MerchantFactory, SubscriptionFactory
from tests.races import holding_locks, run_at_once

KEY = {"Idempotency-Key": "order 1 / try"}
BUSY = {"detail": "A request with this Idempotency-Key is running."}


@pytest.fixture
def row(merchant: Merchant) -> Subscription:
    return SubscriptionFactory(customer__merchant=merchant)


def test_a_repeat_gets_the_first_answer_and_acts_no_second_time(api: Client, row: Subscription) -> None:
    first = patch_subscription(api, row, "cancel", {"cancel_reason": "4|Enough"}, **KEY)
    assert first.status_code == 200
    assert "Idempotency-Replayed" not in first
    patch_subscription(api, row, "reactivate", SETTINGS | {"next_order_date": "2900-01-01"})
    again = patch_subscription(api, row, "cancel", {"cancel_reason": "4|Enough"}, **KEY)
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (200, first.content, "true")
    assert (again["Content-Type"], again["ETag"]) == (first["Content-Type"], first["ETag"])
    assert Subscription.objects.get().live
    assert Activity.objects.count() == 2


def test_a_refusal_is_repeated_too(api: Client, row: Subscription) -> None:
    body = SETTINGS | {"next_order_date": "2900-01-01"}
    first = patch_subscription(api, row, "reactivate", body, **KEY)
    patch_subscription(api, row, "cancel")
    again = patch_subscription(api, row, "reactivate", body, **KEY)
    assert (again.status_code, again.content) == (400, first.content)
    assert (again["X-Error-Code"], again["Idempotency-Replayed"]) == ("subscription_already_active", "true")
    assert not Subscription.objects.get().live


def test_a_write_that_expected_another_state_may_be_tried_again(api: Client, row: Subscription) -> None:
    refused = patch_subscription(api, row, "cancel", **KEY, **{"If-Match": '"another"'})
    assert (refused.status_code, Subscription.objects.get().live) == (412, True)
    again = patch_subscription(api, row, "cancel", **KEY, **{"If-Match": "*"})
    assert (again.status_code, Subscription.objects.get().live) == (200, False)


def test_validation_errors_and_unknown_ids_are_repeated_too(api: Client, row: Subscription) -> None:
    for name, verb in ((row, "reactivate"), (Subscription(), "cancel")):
        first, again = (patch_subscription(api, name, verb, {}, **KEY) for _ in range(2))
        assert first.status_code in (400, 404)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Idempotency-Replayed"] == "true"


def test_another_body_under_the_same_key_is_refused(api: Client, row: Subscription) -> None:
    patch_subscription(api, row, "cancel", {"cancel_reason": "1"}, **KEY)
    response = patch_subscription(api, row, "cancel", {"cancel_reason": "2"}, **KEY)
    assert response.status_code == 422
    assert response.json() == {"detail": "This Idempotency-Key came with another body before."}
    assert response["X-Error-Code"] == "idempotency_mismatch"
    assert Subscription.objects.get().cancel_reason == "1"


def test_a_key_counts_for_one_credential_and_one_path(connect: Connect, row: Subscription) -> None:
    other = SubscriptionFactory(customer=row.customer)
    one, two = connect(), connect()
    assert patch_subscription(one, row, "cancel", **KEY).status_code == 200
    assert patch_subscription(one, other, "cancel", **KEY).status_code == 200
    assert patch_subscription(two, row, "cancel", **KEY).status_code == 400
    assert (
        patch_subscription(one, row, "reactivate", SETTINGS | {"next_order_date": "2900-01-01"}, **KEY).status_code
        == 200
    )
    assert IdempotencyKey.objects.count() == 4


def test_the_slash_at_the_end_makes_no_other_path(api: Client, row: Subscription) -> None:
    address = f"/api/subscriptions/{row.public_id.hex}/cancel"
    first, again = (api.patch(address + end, headers=KEY) for end in ("", "/"))
    assert (first.status_code, again["Idempotency-Replayed"]) == (200, "true")


def test_a_denied_request_takes_no_key(connect: Connect, row: Subscription) -> None:
    assert patch_subscription(connect("read"), row, "cancel", **KEY).status_code == 403
    assert not IdempotencyKey.objects.exists()


def test_reading_takes_no_key(api: Client, row: Subscription) -> None:
    assert api.get("/api/subscriptions/", headers=KEY).status_code == 200
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
def test_a_malformed_key_is_refused(api: Client, row: Subscription, key: str) -> None:
    response = patch_subscription(api, row, "cancel", **{"Idempotency-Key": key})
    assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert Subscription.objects.get().live


def test_after_a_day_a_key_is_new(api: Client, row: Subscription) -> None:
    patch_subscription(api, row, "cancel", **KEY)
    IdempotencyKey.objects.update(created=timezone.now() - timedelta(hours=24, seconds=1))
    response = patch_subscription(api, row, "cancel", {"cancel_reason": "other body"}, **KEY)
    assert response.json() == {"detail": "This subscription is cancelled; reactivate it first."}
    assert IdempotencyKey.objects.get().status == 400


def test_a_running_request_is_waited_for_until_its_process_must_have_died(
    api: Client, row: Subscription, noon: time_machine.Traveller
) -> None:
    patch_subscription(api, row, "cancel", **KEY)
    IdempotencyKey.objects.update(status=None, answer=None, **IdempotencyKey.new_lease())
    noon.shift(89)
    response = patch_subscription(api, row, "cancel", **KEY)
    assert (response.status_code, response.json(), response["Retry-After"]) == (409, BUSY, "1")
    noon.shift(1)
    assert patch_subscription(api, row, "cancel", **KEY).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_request_that_lost_its_key_changes_nothing(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant = MerchantFactory()
    row = SubscriptionFactory(customer__merchant=merchant)
    act = views.Cancel.perform

    def slow(view: object, subject: Subscription, **inputs: object) -> object:
        run_at_once(1, lambda: IdempotencyKey.objects.update(**IdempotencyKey.new_lease()))
        return act(view, subject, **inputs)

    monkeypatch.setattr(views.Cancel, "perform", slow)
    response = patch_subscription(connect(of=merchant), row, "cancel", **KEY)
    assert (response.status_code, response.json()) == (409, BUSY)
    assert Subscription.objects.get().live
    assert not Activity.objects.exists()
    assert IdempotencyKey.objects.get().status is None


def test_a_fault_is_not_kept(api: Client, row: Subscription, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(views.Cancel, "perform", fail)
        assert patch_subscription(api, row, "cancel", **KEY).status_code == 500
    assert not IdempotencyKey.objects.exists()
    assert patch_subscription(api, row, "cancel", **KEY).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_repeats_act_once(connect: Connect) -> None:
    merchant = MerchantFactory()
    row = SubscriptionFactory(customer__merchant=merchant)
    client = connect(of=merchant)
    answers = run_at_once(2, lambda: patch_subscription(client, row, "cancel", {"cancel_reason": "1"}, **KEY))
    last = patch_subscription(client, row, "cancel", {"cancel_reason": "1"}, **KEY)
    assert last["Idempotency-Replayed"] == "true"
    first = [answer for answer in answers if answer.status_code == 200 and "Idempotency-Replayed" not in answer]
    assert len(first) == 1
    for answer in answers:
        if answer is not first[0]:
            assert (answer.status_code, answer.content) in [
                (200, first[0].content),
                (409, b'{"detail":"%s"}' % BUSY["detail"].encode()),
            ]
    assert last.content == first[0].content
    assert Activity.objects.count() == 1
    assert Event.objects.filter(kind="ordergroove.subscription.cancel").count() == 1


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_running_the_second_is_refused_at_once(connect: Connect) -> None:
    merchant = MerchantFactory()
    row = SubscriptionFactory(customer__merchant=merchant)
    client = connect(of=merchant)

    def cancel():
        try:
            return patch_subscription(client, row, "cancel", **KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with holding_locks(Customer.objects.filter(pk=row.customer_id)):
            first = pool.submit(cancel)
            _wait_until(IdempotencyKey.objects.exists)
            second = patch_subscription(client, row, "cancel", **KEY)
        assert first.result().status_code == 200
    assert (second.status_code, second.json(), second["Retry-After"]) == (409, BUSY, "1")
    assert second["X-Error-Code"] == "idempotency_busy"
    assert patch_subscription(client, row, "cancel", **KEY)["Idempotency-Replayed"] == "true"
    assert Activity.objects.count() == 1


def _wait_until(true) -> None:
    tick = threading.Event()
    for _ in range(200):
        if true():
            return
        tick.wait(0.01)
    raise AssertionError("waited in vain")
