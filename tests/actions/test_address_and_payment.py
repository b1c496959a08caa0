from datetime import date

import pytest

from subscriptions.actions import address as addresses
from subscriptions.actions import payment as payments
from subscriptions.actions.subscription import cancel
from subscriptions.models import Address, Order, OrderStatus, Payment, Subscription
from tests.actions import contract
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    OrderFactory,
    PaymentFactory,
    subscription_with_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = date(2026, 12, 1)
HOME = {
    "first_name": "Ana",
    "last_name": "Ruiz",
    "address": "2 Side Street",
    "city": "Little Rock",
    "state_province_code": "AR",
    "zip_postal_code": "72201",
    "country_code": "US",
    "phone": "+15013299800",
}
PAYMENT = ["ordergroove.subscription.change_payment", "ordergroove.order.change_payment"]
SHIPPING = ["ordergroove.subscription.change_shipping_address", "ordergroove.order.change_shipping_address"]


def test_an_address_is_added_and_retired_and_comes_back():
    customer = CustomerFactory()
    act = contract.assert_emits([], lambda: addresses.create(customer, actor=STAFF, **HOME))
    assert act.result == Address.objects.get(customer=customer, city="Little Rock", live=True)
    contract.assert_emits([], lambda: addresses.update_record(act.result, live=False, actor=STAFF))
    assert not Address.objects.get().live
    contract.assert_unchanged(lambda: addresses.update_record(act.result, live=False, actor=STAFF))
    contract.assert_emits([], lambda: addresses.update_record(act.result, live=True, label="Home", actor=STAFF))
    assert (Address.objects.get().live, Address.objects.get().label) == (True, "Home")
    contract.assert_unchanged(lambda: addresses.update_record(act.result, actor=STAFF))
    contract.assert_emits([], lambda: addresses.update_record(act.result, label="", actor=STAFF))
    assert Address.objects.get().label is None


def test_a_payment_is_added_and_retired_and_comes_back():
    customer = CustomerFactory()
    act = contract.assert_emits(
        [], lambda: payments.create(customer, actor=STAFF, token_id="tok_1", cc_number_ending="4242", cc_type=1)
    )
    assert act.result == Payment.objects.get(token_id="tok_1", merchant=customer.merchant)
    contract.assert_emits([], lambda: payments.update_record(act.result, live=False, actor=STAFF))
    assert not Payment.objects.get().live
    contract.assert_unchanged(lambda: payments.update_record(act.result, live=False, actor=STAFF))
    contract.assert_emits([], lambda: payments.update_record(act.result, live=True, actor=STAFF))
    assert Payment.objects.get().live


@pytest.mark.parametrize("number", ["4242424242424242", "424", "42a2", "４２４２"])
def test_more_than_the_last_four_digits_of_a_card_are_never_kept(number):
    customer = CustomerFactory()
    contract.assert_refused(
        "invalid_value",
        lambda: payments.create(customer, actor=STAFF, token_id="tok_1", cc_number_ending=number),
    )


def test_a_payment_for_all_reaches_live_subscriptions_and_open_orders_and_merges_what_becomes_equal():
    first = subscription_with_order(DAY)
    same = {"customer": first.customer, "shipping_address": first.shipping_address}
    other = subscription_with_order(DAY, **same)
    ended = subscription_with_order(DAY, **same)
    cancel(ended, actor=STAFF)

    contract.assert_emits(PAYMENT, lambda: payments.use_for_all(first.payment, actor=STAFF))

    assert list(Subscription.objects.order_by("id").values_list("payment", flat=True)) == [
        first.payment_id,
        first.payment_id,
        ended.payment_id,
    ]
    assert first.items.get().order == other.items.get().order
    assert sorted(Order.objects.values_list("status", flat=True)) == [OrderStatus.UNSENT, OrderStatus.MERGED]


def test_an_address_for_all_reaches_orders_that_differ_from_their_subscriptions():
    subscription = subscription_with_order(DAY)
    address = AddressFactory(customer=subscription.customer)
    contract.assert_emits(SHIPPING, lambda: addresses.use_for_all(address, actor=STAFF))
    contract.assert_unchanged(lambda: addresses.use_for_all(address, actor=STAFF))
    assert Order.objects.get().shipping_address == Subscription.objects.get().shipping_address == address


def test_placed_orders_keep_their_payment():
    placed = OrderFactory(status=OrderStatus.SUCCESS)
    payment, address = PaymentFactory(customer=placed.customer), AddressFactory(customer=placed.customer)
    contract.assert_unchanged(lambda: payments.use_for_all(payment, actor=STAFF))
    contract.assert_unchanged(lambda: addresses.use_for_all(address, actor=STAFF))
    kept = Order.objects.get()
    assert (kept.payment, kept.shipping_address) == (placed.payment, placed.shipping_address)


def test_a_retired_payment_or_address_cannot_be_used_for_all():
    payment, address = PaymentFactory(live=False), AddressFactory(live=False)
    contract.assert_refused("record_inactive", lambda: payments.use_for_all(payment, actor=STAFF))
    contract.assert_refused("record_inactive", lambda: addresses.use_for_all(address, actor=STAFF))


def test_a_corrected_address_takes_the_place_of_the_old_one_and_of_no_other():
    subscription = subscription_with_order(DAY)
    other = subscription_with_order(DAY, customer=subscription.customer, payment=subscription.payment)
    old = subscription.shipping_address

    act = contract.assert_emits(
        SHIPPING, lambda: addresses.correct(old, actor=STAFF, address="2 Side Street", country_code="US")
    )

    new = act.result
    subscription.refresh_from_db()
    other.refresh_from_db()
    assert (subscription.shipping_address, subscription.items.get().order.shipping_address) == (new, new)
    assert other.shipping_address_id not in (old.pk, new.pk)
    assert (new.address, new.city, new.phone, new.live) == ("2 Side Street", old.city, old.phone, True)
    old.refresh_from_db()
    assert (old.address, old.live) == ("1 Main Street", False)
    contract.assert_unchanged(lambda: addresses.correct(new, actor=STAFF, address="2 Side Street"))
    contract.assert_refused("invalid_value", lambda: addresses.correct(new, actor=STAFF, country_code="XX"))


def test_a_payment_that_replaces_another_takes_its_place_and_of_no_other():
    subscription = subscription_with_order(DAY)
    other = subscription_with_order(DAY, customer=subscription.customer)
    old = subscription.payment

    act = contract.assert_emits(
        PAYMENT, lambda: payments.replace(old, actor=STAFF, token_id="tok_new", cc_number_ending="1881")
    )

    subscription.refresh_from_db()
    old.refresh_from_db()
    assert (subscription.payment, subscription.items.get().order.payment) == (act.result, act.result)
    assert (act.result.token_id, act.result.live, old.live) == ("tok_new", True, False)
    assert Subscription.objects.get(pk=other.pk).payment == other.payment
    contract.assert_refused(
        "invalid_value", lambda: payments.replace(act.result, actor=STAFF, token_id="t", cc_number_ending="42424242")
    )
