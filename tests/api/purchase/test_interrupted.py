"""A checkout whose process died is finished later, exactly once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.actions import checkout_requests, purchase
from subscriptions.api.purchase import parse_purchase
from subscriptions.jobs import purchases
from subscriptions.models import Activity, CheckoutRequest, Customer, Merchant, Product, Subscription
from tests.api.shop import send_checkout
from tests.factories import STAFF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def interrupt_checkout(bought: dict, merchant: Merchant) -> CheckoutRequest:
    """A request saved by a process that died before doing anything else."""
    return checkout_requests.store_request(merchant, parse_purchase(merchant, bought), actor=STAFF)


def test_an_interrupted_checkout_is_pending_until_the_tick_has_done_it(api, merchant, bought):
    request = interrupt_checkout(bought, merchant)
    path = f"/api/subscription/{request.public_id.hex}/response/"
    pending = api.get(path)
    assert (pending.status_code, pending["Content-Type"]) == (202, "text/plain")
    assert purchases.finish() == 0
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert purchases.finish() == 1
    assert purchases.finish() == 0
    row = Subscription.objects.get()
    done = api.get(path).json()
    assert done["subscriptions"] == [{"coffee": row.public_id.hex}]
    assert api.get(f"/api/subscription/status/{request.public_id.hex}").json() == done
    assert CheckoutRequest.objects.get().body == {}
    assert set(Activity.objects.values_list("actor_name", flat=True)) == {"Sam Staff"}


def test_an_impossible_checkout_is_closed_by_the_tick_with_the_reason(api, merchant, bought):
    request = interrupt_checkout(bought, merchant)
    Product.objects.update(discontinued=True, live=False, autoship_enabled=False)
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    purchases.finish()
    said = api.get(f"/api/subscription/{request.public_id.hex}/response/").json()
    fault = {"product": "coffee", "subscription": {"product": ["This product is discontinued."]}}
    assert said["errors"] == {"products": [], "subscriptions": [fault]}
    assert (Customer.objects.count(), Subscription.objects.count()) == (0, 0)


def test_a_checkout_that_always_fails_is_given_up_after_ten_attempts(merchant, bought):
    interrupt_checkout(bought, merchant)
    CheckoutRequest.objects.update(body={})
    for _ in range(10):
        CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert purchases.finish() == 1
    request = CheckoutRequest.objects.get()
    sentence = "It could not be done. Send the order again, or ask the staff of the portal."
    assert request.answer["errors"] == {"non_field_errors": [sentence]}
    assert request.reason == "An unexpected error: 'user'. The log has its details."
    assert purchases.finish() == 0


def test_a_checkout_that_fails_rests_longer_each_time(merchant, bought, noon):
    interrupt_checkout(bought, merchant)
    CheckoutRequest.objects.update(body={})
    for rest in (90, 30, 60, 90):
        noon.shift(rest - 1)
        assert purchases.finish() == 0
        noon.shift(1)
        assert purchases.finish() == 1


@pytest.mark.parametrize("name", ["0" * 32, "none"])
def test_an_unknown_request_is_not_found(api, name):
    for path in (f"{name}/response/", f"status/{name}"):
        answer = api.get(f"/api/subscription/{path}")
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found"})


def test_another_merchants_request_is_not_found(api, stranger, bought):
    answer = send_checkout(api, bought)
    assert stranger.get(f"/api/subscription/{answer.json()['subs_req_id']}/response/").status_code == 404


def test_a_process_that_dies_leaves_its_checkout_to_the_tick(api, merchant, bought, monkeypatch):
    def die(*_, **__):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(purchase.payments, "create", die)
        with pytest.raises(SystemExit):
            send_checkout(api, bought)
    assert (CheckoutRequest.objects.count(), Customer.objects.count()) == (1, 0)
    assert send_checkout(api, bought).status_code == 409
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert purchases.finish() == 1
    assert (Customer.objects.count(), Subscription.objects.count()) == (1, 1)
