from datetime import date
from decimal import Decimal

import pytest
import time_machine

from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.models import Event, Item, Order, Subscription
from tests.actions import contract
from tests.factories import STAFF, SubscriptionFactory, subscription_with_order

REACTIVATE = "ordergroove.subscription.reactivate"
NOW = "2026-11-20T17:00:00Z"


def cancelled_subscription(**fields):
    subscription = subscription_with_order(**fields)
    cancel(subscription, actor=STAFF, reason="4|too much")
    return subscription


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_a_reactivated_subscription_has_its_old_settings():
    subscription = cancelled_subscription()

    act = contract.assert_emits(
        [REACTIVATE], lambda: reactivate(subscription, actor=STAFF, next_order_date=date(2026, 11, 21))
    )

    row = Subscription.objects.get()
    assert (row.live, row.cancel_reason, row.quantity, row.every, row.every_period) == (True, None, 2, 2, 2)
    assert act.activity.sentence == (
        "Reactivated the subscription to House blend. The next order is planned for November 21, 2026."
    )
    item = Item.objects.get()
    assert act.result == item
    assert (item.subscription, item.quantity, item.total_price) == (subscription, 2, Decimal("25.00"))
    assert (item.order.place_date, item.order.total) == (date(2026, 11, 21), Decimal("25.00"))


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_a_reactivated_item_joins_the_open_order_of_its_date_payment_and_address():
    subscription = cancelled_subscription()
    other = subscription_with_order(
        date(2026, 11, 30),
        customer=subscription.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
    )

    reactivate(subscription, actor=STAFF, next_order_date=date(2026, 11, 30))

    order = Order.objects.get()
    assert {item.subscription for item in order.items.all()} == {subscription, other}
    assert order.total == Decimal("50.00")


@pytest.mark.django_db
@time_machine.travel("2026-11-21T03:00:00Z", tick=False)
def test_the_default_next_order_date_is_start_date_plus_frequency_in_the_merchants_zone():
    subscription = cancelled_subscription()

    # It is still the 20th in New York.
    reactivate(subscription, actor=STAFF, every=1, every_period=3)

    assert Order.objects.get().place_date == date(2026, 12, 20)
    assert Subscription.objects.get().every_period == 3


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_a_finished_prepaid_cycle_starts_anew_and_charges_all_its_orders():
    subscription = cancelled_subscription(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=0, renewal_behavior="cancel"
    )

    reactivate(subscription, actor=STAFF, next_order_date=date(2026, 11, 21))

    assert (Order.objects.get().total, Order.objects.get().discount_total) == (
        Decimal("75.00"),
        Decimal("0.00"),
    )


@pytest.mark.django_db
def test_the_event_payload_shows_the_reactivated_subscription():
    subscription = cancelled_subscription()
    reactivate(subscription, actor=STAFF)
    event = Event.objects.get(kind=REACTIVATE)
    assert event.payload["id"] == subscription.public_id.hex
    assert event.payload["frequency_description"] == "Every 2 weeks"
    assert event.recipient["email"] == subscription.customer.email


@pytest.mark.django_db
def test_a_live_subscription_cannot_be_reactivated():
    subscription = subscription_with_order()
    contract.assert_refused("subscription_already_active", lambda: reactivate(subscription, actor=STAFF))


@pytest.mark.django_db
def test_a_discontinued_product_cannot_come_back():
    subscription = cancelled_subscription()
    product = subscription.product
    product.discontinued, product.live, product.autoship_enabled = True, False, False
    product.save()
    contract.assert_refused("product_discontinued", lambda: reactivate(subscription, actor=STAFF))


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_a_next_order_date_in_the_past_is_refused():
    subscription = cancelled_subscription()
    contract.assert_refused(
        "next_order_date_past",
        lambda: reactivate(subscription, actor=STAFF, next_order_date=date(2026, 11, 19)),
    )


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_today_is_early_enough_and_marks_the_subscription_as_updated():
    subscription = cancelled_subscription()
    with time_machine.travel("2026-11-20T18:00:00Z", tick=False):
        reactivate(subscription, actor=STAFF, next_order_date=date(2026, 11, 20))
    assert Order.objects.get().place_date == date(2026, 11, 20)
    assert Subscription.objects.get().updated.isoformat() == "2026-11-20T18:00:00+00:00"


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_reactivations_one_acts():
    subscription = cancelled_subscription()
    outcomes = contract.run_twice_at_once(lambda: reactivate(subscription, actor=STAFF))
    assert outcomes == ["done", "subscription_already_active"]
    assert Item.objects.count() == 1


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_another_merchants_customer_does_not_share_the_order():
    subscription = cancelled_subscription()
    foreign = subscription_with_order(date(2026, 12, 24))
    reactivate(subscription, actor=STAFF, next_order_date=date(2026, 12, 24))
    assert foreign.items.get().order != subscription.items.get().order
    assert SubscriptionFactory().items.count() == 0


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_an_old_start_date_counts_on_in_whole_frequencies_past_today():
    subscription = cancelled_subscription()
    reactivate(subscription, actor=STAFF, every=1, every_period=3, start_date=date(2025, 12, 31))
    assert Order.objects.get().place_date == date(2026, 11, 30)
