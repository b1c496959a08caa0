"""Simultaneous checkouts."""

import json

import pytest
from django.test import Client

from subscriptions.actions import checkout_requests, purchase
from subscriptions.api.purchase import parse_purchase
from subscriptions.models import Address, CheckoutRequest, Customer, Event, Payment, Subscription
from tests.api.shop import send_checkout
from tests.factories import STAFF
from tests.races import run_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]


def test_one_checkout_sent_twice_at_once_is_done_once(api: Client, bought: dict):
    statuses = run_at_once(2, lambda: send_checkout(api, bought).status_code)
    assert sorted(statuses) == [200, 409]
    assert (Customer.objects.count(), Subscription.objects.count()) == (1, 1)


def test_two_simultaneous_checkouts_of_a_new_customer_make_one_customer(api: Client, bought: dict):
    orders = [json.dumps(bought | {"merchant_order_id": name}) for name in ("1", "2")]
    statuses = run_at_once(2, lambda: send_checkout(api, json.loads(orders.pop())).status_code)
    assert statuses == [200, 200]
    assert (Customer.objects.count(), Address.objects.count(), Payment.objects.count()) == (1, 2, 1)
    assert Subscription.objects.count() == 2
    assert Event.objects.filter(kind="ordergroove.subscriber.create").count() == 1


def test_a_simultaneous_request_and_tick_do_the_checkout_once(merchant, bought: dict):
    kept = checkout_requests.store_request(merchant, parse_purchase(merchant, bought), actor=STAFF)
    answers = run_at_once(2, lambda: purchase.fulfil_request(kept.pk))
    assert answers[0] == answers[1] == CheckoutRequest.objects.get().answer
    assert Subscription.objects.count() == 1


def test_a_failed_order_sent_twice_at_once_is_done_once(api: Client, merchant, bought: dict):
    stored = checkout_requests.store_request(merchant, parse_purchase(merchant, bought), actor=STAFF)
    checkout_requests.give_up_request(stored, {"non_field_errors": ["No."]}, "No.")
    statuses = run_at_once(2, lambda: send_checkout(api, bought).status_code)
    assert sorted(statuses) == [200, 409]
    assert (Customer.objects.count(), Subscription.objects.count()) == (1, 1)
