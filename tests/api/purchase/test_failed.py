"""A checkout that failed without a result is shown with its reason, and may be sent again."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from subscriptions.actions import checkout_requests, purchase
from subscriptions.api.purchase import parse_purchase
from subscriptions.errors import Refused
from subscriptions.jobs import purchases
from subscriptions.models import Activity, CheckoutRequest, Customer, Product, Subscription
from tests.api.shop import checkout_line, send_checkout
from tests.factories import STAFF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

RECEIVED = {"error": "The order 1224 has been received already."}


@pytest.fixture
def fault(monkeypatch):
    """Until it is mended, the work on every checkout fails in its middle, after the customer was written."""

    def fail(*_, **__):
        raise ValueError("value too long for type character varying(1500)\nDETAIL: Ana Ruiz, 1 Main Street")

    with monkeypatch.context() as broken:
        broken.setattr(purchase.payments, "create", fail)
        yield broken


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
def test_an_unforeseen_fault_is_kept_and_the_mended_order_succeeds(api, bought, fault, headers):
    answer = send_checkout(api, bought, headers=headers)
    assert (answer.status_code, answer.json()) == (500, {"detail": "Something went wrong on our side."})
    request = CheckoutRequest.objects.get()
    reason = "An unexpected error: value too long for type character varying(1500). The log has its details."
    assert (request.reason, request.attempts, request.answer) == (reason, 1, None)
    assert (Customer.objects.count(), Activity.objects.count()) == (0, 0)
    fault.undo()
    mended = bought | {"products": [checkout_line(quantity=7)]}
    answer = send_checkout(api, mended, headers=headers and {"Idempotency-Key": "k-2"})
    assert (answer.status_code, answer.json()["subs_req_id"]) == (200, request.public_id.hex)
    assert Subscription.objects.get().quantity == 7
    request.refresh_from_db()
    assert (request.reason, request.attempts, request.body) == ("", 0, {})
    assert request.answer["customer"] == "C-1001"
    assert purchases.finish() == 0
    again = send_checkout(api, mended)
    assert (again.status_code, again.json()) == (409, RECEIVED)


def test_the_tick_does_what_failed_once_the_fault_is_gone(api, bought, fault, noon):
    send_checkout(api, bought)
    fault.undo()
    noon.shift(29)
    assert purchases.finish() == 0
    noon.shift(1)
    assert purchases.finish() == 1
    assert Subscription.objects.count() == 1
    assert CheckoutRequest.objects.get().reason == ""


def test_a_checkout_is_given_up_after_ten_attempts_and_may_still_be_sent_again(api, bought, fault, noon):
    send_checkout(api, bought)
    tried = []
    for _ in range(60):
        noon.shift(60)
        tried.append(purchases.finish())
    assert sum(tried) == 10
    request = CheckoutRequest.objects.get()
    assert request.reason.startswith("An unexpected error: value too long")
    assert request.answer["errors"] == {"non_field_errors": [purchases.GIVEN_UP]}
    fault.undo()
    assert send_checkout(api, bought).status_code == 200
    assert CheckoutRequest.objects.get().answer["errors"] == {"products": [], "subscriptions": []}


@pytest.mark.parametrize(("deaths", "is_given_up"), [(9, False), (10, True)])
def test_a_checkout_that_kills_its_worker_is_given_up_too(api, merchant, bought, monkeypatch, deaths, is_given_up):
    checkout_requests.store_request(merchant, parse_purchase(merchant, bought), actor=STAFF)

    def die(*_, **__):
        raise SystemExit

    monkeypatch.setattr(purchase.payments, "create", die)
    for _ in range(deaths):
        CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        with pytest.raises(SystemExit):
            purchases.finish()
    monkeypatch.undo()
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert purchases.finish() == 1
    request = CheckoutRequest.objects.get()
    died = "The process that carried it out died each time. The log has its details."
    assert request.reason == (died if is_given_up else "")
    assert Subscription.objects.count() == (0 if is_given_up else 1)


def test_a_checkout_that_the_tick_refused_may_be_sent_again_mended(api, merchant, bought):
    checkout_requests.store_request(merchant, parse_purchase(merchant, bought), actor=STAFF)
    Product.objects.update(discontinued=True, live=False, autoship_enabled=False)
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    purchases.finish()
    assert CheckoutRequest.objects.get().reason == "coffee: This product is discontinued."
    Product.objects.update(discontinued=False, live=True, autoship_enabled=True)
    assert send_checkout(api, bought).status_code == 200
    assert Subscription.objects.count() == 1


def test_an_order_in_work_is_not_taken_over(api, merchant, bought):
    stored = checkout_requests.store_request(merchant, parse_purchase(merchant, bought), actor=STAFF)
    CheckoutRequest.objects.update(reason="An unexpected error: it gave no reason. The log has its details.")
    answer = send_checkout(api, bought)
    assert (answer.status_code, answer.json()) == (409, RECEIVED)
    with pytest.raises(Refused, match="has not failed"):
        checkout_requests.retry_request(stored)


def test_an_order_with_a_result_is_neither_taken_over_nor_tried_again(api, bought):
    send_checkout(api, bought)
    assert send_checkout(api, bought).status_code == 409
    with pytest.raises(Refused, match="has not failed"):
        checkout_requests.retry_request(CheckoutRequest.objects.get())


def test_a_fault_of_the_database_itself_is_answered_even_if_it_cannot_be_kept(api, bought, fault, monkeypatch):
    def refuse(*_, **__):
        raise OperationalError("the database is away")

    monkeypatch.setattr(checkout_requests, "rest_request", refuse)
    assert send_checkout(api, bought).status_code == 500


def test_staff_can_have_a_checkout_tried_again_that_was_given_up(api, merchant, bought):
    stored = checkout_requests.store_request(merchant, parse_purchase(merchant, bought), actor=STAFF)
    checkout_requests.give_up_request(stored, {"non_field_errors": ["No."]}, "No.")
    assert purchases.finish() == 0
    checkout_requests.retry_request(stored)
    assert purchases.finish() == 1
    assert Subscription.objects.count() == 1
