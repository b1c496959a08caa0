from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from oneclick.models import ActionToken
from subscriptions.actions.subscription import cancel
from subscriptions.models import Event, Item, Order, OrderStatus, Subscription
from tests.actions import contract
from tests.factories import (
    STAFF,
    CancelReasonFactory,
    ItemFactory,
    OrderFactory,
    SubscriptionFactory,
    subscription_with_order,
)

CANCEL = "ordergroove.subscription.cancel"
LAST = "ordergroove.subscriber.cancel"


@pytest.mark.django_db
def test_cancelling_the_last_subscription_emits_subscription_and_subscriber_events():
    subscription = subscription_with_order()

    act = contract.assert_emits([CANCEL, LAST], lambda: cancel(subscription, actor=STAFF, reason="4|too much"))

    row = Subscription.objects.get()
    assert (row.live, row.cancel_reason, row.cancel_reason_code) == (False, "4|too much", 4)
    assert act.activity.sentence == "Cancelled the subscription to House blend. Reason: code 4 (too much)"
    assert act.activity.subscription == subscription
    payload = Event.objects.get(kind=CANCEL).payload
    assert (payload["cancel_reason"], payload["cancel_reason_code"], payload["cancel_reason_message"]) == (
        "4|too much",
        "4",
        "too much",
    )


@pytest.mark.django_db
def test_cancelling_one_of_two_subscriptions_does_not_end_the_subscriber():
    subscription = subscription_with_order()
    other = subscription_with_order(customer=subscription.customer)

    contract.assert_emits([CANCEL], lambda: cancel(subscription, actor=STAFF))

    assert Subscription.objects.get(pk=other.pk).live


@pytest.mark.django_db
def test_the_upcoming_item_is_removed_and_an_emptied_order_deleted():
    subscription = subscription_with_order()

    cancel(subscription, actor=STAFF)

    assert not Item.objects.exists()
    assert not Order.objects.exists()


@pytest.mark.django_db
def test_an_order_shared_with_another_subscription_stays_and_its_totals_shrink():
    subscription = subscription_with_order(date(2026, 12, 1))
    other = subscription_with_order(
        date(2026, 12, 1),
        customer=subscription.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
        quantity=1,
    )
    assert Order.objects.get().total == Decimal("37.50")

    cancel(subscription, actor=STAFF)

    assert list(Item.objects.values_list("subscription", flat=True)) == [other.pk]
    assert Order.objects.get().total == Decimal("12.50")


@pytest.mark.django_db
def test_the_cancel_event_carries_a_token_for_the_subscription():
    subscription = subscription_with_order()

    cancel(subscription, actor=STAFF)

    token = ActionToken.objects.get()
    assert (token.scope, token.subscription, token.event.kind) == ("subscription", subscription, CANCEL)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [OrderStatus.GENERIC_ERROR_RESPONSE, OrderStatus.CREDIT_CARD_RETRY])
def test_an_order_being_retried_for_this_subscription_alone_is_cancelled_too(status):
    subscription = subscription_with_order()
    order = OrderFactory(customer=subscription.customer, status=status)
    ItemFactory(order=order, subscription=subscription, upcoming=False)

    contract.assert_emits([CANCEL, "ordergroove.order.cancel", LAST], lambda: cancel(subscription, actor=STAFF))

    made = order.updated
    order.refresh_from_db()
    assert (order.status, order.cancelled) == (OrderStatus.CANCELLED, order.updated) and order.updated > made


@pytest.mark.django_db
def test_an_order_being_retried_for_others_too_goes_on():
    subscription = subscription_with_order()
    order = OrderFactory(customer=subscription.customer, status=OrderStatus.CREDIT_CARD_RETRY)
    ItemFactory(order=order, subscription=subscription, upcoming=False)
    ItemFactory(order=order, upcoming=False)

    cancel(subscription, actor=STAFF)

    order.refresh_from_db()
    assert (order.status, order.items.count()) == (OrderStatus.CREDIT_CARD_RETRY, 2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "code", "text"),
    [
        ("2 | moved away", 2, "moved away"),
        ("1", 1, ""),
        ("5|", 5, ""),
        ("too dear", None, "too dear"),
        ("dear|too dear", None, "dear|too dear"),
        ("|too dear", None, "too dear"),
        ("|", None, ""),
        ("", None, ""),
    ],
)
def test_a_reason_is_kept_verbatim_and_read_leniently(reason, code, text):
    subscription = subscription_with_order()

    cancel(subscription, actor=STAFF, reason=reason)

    row = Subscription.objects.get()
    assert (row.cancel_reason or "", row.cancel_reason_code, row.cancel_reason_text) == (reason, code, text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "because"),
    [
        ("4", " Reason: Overstocked"),
        ("4|", " Reason: Overstocked"),
        ("4|too much", " Reason: Overstocked (too much)"),
        ("4|Overstocked", " Reason: Overstocked"),
        ("5|too much", " Reason: code 5 (too much)"),
        ("too much", " Reason: too much"),
        ("5|", " Reason: code 5"),
        ("999999", " Reason: code 999999"),
        ("9" * 30, f" Reason: {'9' * 30}"),
        ("|", ""),
    ],
)
def test_recent_activity_has_the_merchants_own_label_of_the_code_and_the_text(reason, because):
    CancelReasonFactory(label="Another merchant's")
    subscription = subscription_with_order()
    CancelReasonFactory(merchant=subscription.merchant)
    CancelReasonFactory(merchant=subscription.merchant, application="other", code=5, label="Not offered")
    act = cancel(subscription, actor=STAFF, reason=reason)
    assert act.activity.sentence == f"Cancelled the subscription to House blend.{because}"


@pytest.mark.django_db
def test_cancelling_marks_the_subscription_as_updated():
    subscription = subscription_with_order()
    with time_machine.travel("2027-01-01T12:00:00Z", tick=False):
        cancel(subscription, actor=STAFF)
        row = Subscription.objects.get()
        assert row.updated == row.cancelled == timezone.now()


@pytest.mark.django_db
def test_the_longest_reason_is_kept():
    subscription = subscription_with_order()
    cancel(subscription, actor=STAFF, reason="x" * 1000)
    assert Subscription.objects.get().cancel_reason == "x" * 1000


@pytest.mark.django_db
def test_earlier_items_of_a_cancelled_subscription_stay_on_their_orders():
    subscription = subscription_with_order()
    placed = OrderFactory(customer=subscription.customer, status=OrderStatus.SUCCESS)
    item = ItemFactory(order=placed, subscription=subscription, upcoming=False)

    cancel(subscription, actor=STAFF)

    assert list(Item.objects.all()) == [item]
    assert list(Order.objects.all()) == [placed]


@pytest.mark.django_db
def test_a_cancelled_subscription_cannot_be_cancelled_again():
    subscription = subscription_with_order()
    cancel(subscription, actor=STAFF)
    contract.assert_refused("subscription_not_active", lambda: cancel(subscription, actor=STAFF))


@pytest.mark.django_db
def test_a_prepaid_subscription_with_orders_left_cannot_be_cancelled():
    subscription = subscription_with_order(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew"
    )
    contract.assert_refused("prepaid_orders_remaining", lambda: cancel(subscription, actor=STAFF))


@pytest.mark.django_db
def test_a_reason_too_long_to_keep_is_refused():
    subscription = subscription_with_order()
    contract.assert_refused("cancel_reason_too_long", lambda: cancel(subscription, actor=STAFF, reason="x" * 1001))


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_cancellations_one_acts():
    subscription = subscription_with_order()
    outcomes = contract.run_twice_at_once(lambda: cancel(subscription, actor=STAFF))
    assert outcomes == ["done", "subscription_not_active"]
    assert Event.objects.filter(kind=CANCEL).count() == 1


@pytest.mark.django_db
def test_a_stale_copy_of_a_subscription_of_another_merchant_is_not_found():
    subscription = subscription_with_order()
    subscription.merchant_id = SubscriptionFactory().merchant_id
    contract.assert_refused("not_found", lambda: cancel(subscription, actor=STAFF))
